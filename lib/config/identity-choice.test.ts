import { expect, test } from "vitest";
import { clerk, local, supabase } from "./identify";
import { identityChoice } from "./identity-choice";

const NO_CLERK = { secretKey: undefined, publishableKey: undefined };
const NO_SUPABASE = { url: undefined, publishableKey: undefined };
const none = { sandbox: false, clerk: NO_CLERK, supabase: NO_SUPABASE, identity: null };
const both = {
  sandbox: false,
  clerk: { secretKey: "sk", publishableKey: "pk" },
  supabase: { url: "http://localhost", publishableKey: "sb" },
  identity: "clerk" as const,
};

test.each([
  ["the keys choose without a config", null, both, "clerk"],
  ["nothing is chosen without a config and keys", null, none, null],
  ["Supabase is chosen beside Clerk's keys", supabase(), both, "supabase"],
  ["Clerk is chosen beside Supabase's keys", clerk(), both, "clerk"],
  ["Clerk without keys is local in the sandbox", clerk(), { ...none, sandbox: true, identity: "local" }, "local"],
  ["Clerk without keys is nothing in production", clerk(), none, null],
  ["Clerk with one key is nothing in production", clerk(), { ...both, clerk: { ...both.clerk, secretKey: "" } }, null],
  ["Supabase without keys is nothing in production", supabase(), none, null],
  ["local is chosen in the sandbox beside keys", local(), { ...both, sandbox: true }, "local"],
  ["local is nothing in production, also with keys", local(), both, null],
  ["a function is chosen beside keys", () => null, both, "function"],
] as const)("%s", (_title, identify, environment, choice) => {
  expect(identityChoice({ identify }, environment)).toBe(choice);
});
