/** The built app with Supabase Auth: anonymous users get in only if the configuration allows it. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { type FakeGoTrue, startFakeGoTrue } from "@/tests/fakes/gotrue";
import { appServer, PROCESSOR } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";
import { PUBLISHABLE_KEY } from "@/tests/support/transports";

const database = testDatabase();
let auth: FakeGoTrue;
beforeAll(async () => {
  auth = await startFakeGoTrue();
});
afterAll(() => auth?.stop());

const settings = () => ({
  SUPABASE_URL: auth.url,
  SUPABASE_PUBLISHABLE_KEY: PUBLISHABLE_KEY,
  DATABASE_URL: database.appUrl,
  ...PROCESSOR,
});
const app = appServer(settings);
const open = appServer(() => ({ ...settings(), ALLOW_ANONYMOUS_USERS: "1" }));

const USAGE = "/api/subscription/usage";

test.each<[string, unknown]>([
  ["true", true],
  ["a text", "true"],
  ["a number", 1],
])("an anonymous user (is_anonymous is %s) has no session by default, by bearer and on pages", async (_, anonymous) => {
  const token = await auth.token(auth.addUser({}), { is_anonymous: anonymous });
  const headers = { authorization: `Bearer ${token}`, accept: "text/html" };
  expect((await app.send(USAGE, { headers })).json).toMatchObject({ reason: "not_signed_in" });
  const consumed = await app.send("/api/usage/consume", { method: "POST", headers, body: { field: "words_used" } });
  expect(consumed.status).toBe(401);
  expect((await app.send("/billing", { headers })).status).toBe(307);
});

test("an anonymous user has a session if the configuration allows it; a token without the claim has one everywhere", async () => {
  const user = auth.addUser({});
  const anonymous = { authorization: `Bearer ${await auth.token(user, { is_anonymous: true })}` };
  expect((await open.send(USAGE, { headers: anonymous })).json).toMatchObject({ userId: user.id });
  const older = { authorization: `Bearer ${await auth.token(user, { is_anonymous: undefined })}` };
  for (const each of [app, open])
    expect((await each.send(USAGE, { headers: older })).json).toMatchObject({ userId: user.id });
});
