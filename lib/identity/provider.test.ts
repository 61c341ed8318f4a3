import { beforeEach, describe, expect, test, vi } from "vitest";

const loaded = vi.hoisted(() => new Set<string>());
vi.mock("@clerk/backend", async (original) => {
  loaded.add("clerk");
  return original();
});
vi.mock("@supabase/ssr", async (original) => {
  loaded.add("supabase");
  return original();
});
vi.mock("jose", async (original) => {
  loaded.add("local");
  return original();
});

const CLERK = { CLERK_SECRET_KEY: "sk_test_x", CLERK_PUBLISHABLE_KEY: `pk_test_${btoa("clerk.example.invalid$")}` };
const SUPABASE = { SUPABASE_URL: "http://127.0.0.1:9", SUPABASE_PUBLISHABLE_KEY: "sb_publishable_x" };
const NAMES = [...Object.keys(CLERK), ...Object.keys(SUPABASE), "TOLLGATE_SANDBOX"];

beforeEach(() => {
  vi.resetModules();
  loaded.clear();
  for (const name of NAMES) vi.stubEnv(name, "");
  // The SDK warns about a damaged cookie.
  vi.spyOn(console, "warn").mockImplementation(() => {});
});

const chosen = async (variables: Record<string, string>) => {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  return (await import("./provider")).provider();
};

describe("the environment chooses the provider, and no other provider's code is loaded", () => {
  test.each([
    // Once per provider: a loaded module stays loaded.
    ["clerk", { ...CLERK, ...SUPABASE, TOLLGATE_SANDBOX: "1" }],
    ["supabase", { ...SUPABASE, TOLLGATE_SANDBOX: "1" }],
    ["local", { TOLLGATE_SANDBOX: "1" }],
  ])("%s", async (name, variables) => {
    const provider = await chosen(variables as Record<string, string>);
    expect(await provider?.userOf(new Headers(), () => {})).toBeNull();
    expect([...loaded]).toEqual([name]);
  });

  test("production without keys has no provider, and never the local identity", async () => {
    expect(await chosen({})).toBeNull();
    expect([...loaded]).toEqual([]);
  });
});

test.each(["", "Bearer", "Bearer x", "Bearer eyJ.eyJ.x", "Basic YTpi", `Bearer ${"x".repeat(20_000)}`])(
  "an invalid token (%#) is no session with any provider, and nothing throws",
  async (authorization) => {
    for (const variables of [CLERK, SUPABASE, { TOLLGATE_SANDBOX: "1" }]) {
      vi.resetModules();
      for (const name of NAMES) vi.stubEnv(name, "");
      const provider = await chosen(variables as Record<string, string>);
      const headers = new Headers({ authorization, cookie: "__session=%; sb-127-auth-token=base64-%%%; x" });
      expect(await provider?.userOf(headers, () => {})).toBeNull();
    }
  },
);
