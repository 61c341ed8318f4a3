/**
 * Callers with a well-signed token that is no session of ours. On every route and page of the build they get the answers
 * of a caller without a token; a real session, sent the same way, gets more.
 */
import { afterAll, describe, expect, test } from "vitest";
import { type FakeClerk, startFakeClerk } from "@/tests/fakes/clerk";
import { type FakeGoTrue, startFakeGoTrue } from "@/tests/fakes/gotrue";
import { appServer, PROCESSOR } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";
import { PUBLISHABLE_KEY } from "@/tests/support/transports";
import { API, type ApiRow, PAGES, SAMPLES, STRANGERS, type Stranger } from "./routes";

const database = testDatabase();
/** Both processors: the webhook route of one that is not set up answers 503. */
const SECRETS = {
  ...PROCESSOR,
  PADDLE_API_KEY: "pdl_of_the_tests_of_strangers",
  PADDLE_WEBHOOK_SECRET: "pdl_ntfset_of_the_tests_of_strangers",
  CRON_SECRET: "cron-key-of-the-tests-of-strangers",
};
const UUID = "7b0e7d0c-6c1f-4a57-9d2f-2d8c4a1e6b11";

let clerk: FakeClerk;
let auth: FakeGoTrue;
const withClerk = appServer(async (url) => {
  clerk = await startFakeClerk(url);
  return { ...SECRETS, ...clerk.environment, DATABASE_URL: database.appUrl };
});
const withSupabase = appServer(async () => {
  auth = await startFakeGoTrue();
  return {
    ...SECRETS,
    SUPABASE_URL: auth.url,
    SUPABASE_PUBLISHABLE_KEY: PUBLISHABLE_KEY,
    DATABASE_URL: database.appUrl,
  };
});
afterAll(async () => {
  await clerk?.stop();
  await auth?.stop();
});

const supabaseToken = (claims: Record<string, unknown>) => auth.token(auth.addUser({}), claims);
const TOKENS: Record<Stranger | "clerkUser" | "supabaseUser", () => Promise<string>> = {
  clerkTemplate: () => clerk.token("user_s", { sid: undefined, aud: "https://api.other.example" }),
  clerkOtherInstance: () => clerk.token("user_s", { iss: "https://clerk.other.invalid" }),
  clerkOtherApp: () => clerk.token("user_s", { azp: "https://other.example" }),
  supabaseAnonymous: () => supabaseToken({ is_anonymous: true }),
  supabaseOtherProject: () => supabaseToken({ iss: "https://other.supabase.co/auth/v1" }),
  supabaseServiceRole: () => supabaseToken({ role: "service_role" }),
  clerkUser: () => clerk.token("user_s"),
  supabaseUser: () => supabaseToken({}),
};

const rows = Object.entries(API).flatMap(([route, all]) => all.map((row) => ({ route, row })));
const appOf = (caller: string) => (caller.startsWith("clerk") ? withClerk : withSupabase);
/** As a bearer, or as the cookie of a browser. */
async function waysOf(caller: keyof typeof TOKENS): Promise<Record<string, string>[]> {
  const token = await TOKENS[caller]();
  const bearer = { authorization: `Bearer ${token}` };
  if (caller.startsWith("clerk")) return [bearer, { cookie: clerk.cookies(token) }];
  const session = {
    access_token: token,
    refresh_token: "none",
    expires_at: Date.now(),
    token_type: "bearer",
    user: {},
  };
  const value = `base64-${Buffer.from(JSON.stringify(session)).toString("base64url")}`;
  return [bearer, { cookie: `sb-localhost-auth-token=${value}` }];
}

async function answerOf(
  caller: string,
  route: string,
  { method, path, body }: ApiRow,
  headers: Record<string, string>,
) {
  const rawPath = (path ?? route).replace("{bot}", UUID).replace("[job]", "retry");
  const origin: Record<string, string> = method === "GET" ? {} : { origin: appOf(caller).url };
  const { status, json } = await appOf(caller).send(rawPath, { method, headers: { ...headers, ...origin }, body });
  return { status, reason: (json as { reason?: string } | undefined)?.reason };
}

describe.each(STRANGERS)("%s", (caller) => {
  test("gets from every route the answer of a caller without a token", async () => {
    for (const headers of await waysOf(caller))
      for (const { route, row } of rows) {
        const named = `${row.method} ${route} with ${Object.keys(headers)}`;
        expect(await answerOf(caller, route, row, headers), named).toEqual(await answerOf(caller, route, row, {}));
      }
  });

  test("gets from every page the answer of a caller without a token", async () => {
    const [headers = {}] = await waysOf(caller);
    for (const route of Object.keys(PAGES)) {
      const read = async (more: Record<string, string>) => {
        const { status, headers } = await appOf(caller).send(SAMPLES[route] ?? route, { headers: more });
        return { status, location: headers.location };
      };
      expect(await read(headers), route).toEqual(await read({}));
    }
  });
});

/** Routes that end the account or need a processor, which these tests do not have. */
const NOT_TESTED = /^\/api\/(account$|invoices|portal|checkout)/;

test.each(["clerkUser", "supabaseUser"] as const)("%s gets more than 401 by the same headers", async (caller) => {
  const closed = rows.filter(({ row }) => row.expects.visitor === 401 && ![401, 404].includes(row.expects.user));
  expect(closed.length).toBeGreaterThan(15);
  for (const headers of await waysOf(caller))
    for (const { route, row } of closed.filter(({ route: each }) => !NOT_TESTED.test(each)))
      expect((await answerOf(caller, route, row, headers)).status, `${row.method} ${route}`).not.toBe(401);
});
