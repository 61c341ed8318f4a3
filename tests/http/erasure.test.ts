/** Erasures at once with consumption, blocks after a return, and admins' own limits, sent to the production build. */
import { expect, test } from "vitest";
import { appServer, SANDBOX, signedIn } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";

const database = testDatabase();
const app = appServer(() => ({
  ...SANDBOX,
  DATABASE_URL: database.url,
}));

const signIn = (userId: string) => signedIn(app, userId);

async function consume(headers: Record<string, string>, field: string, amount: number) {
  const { status, json, text } = await app.send("/api/usage/consume", {
    method: "POST",
    headers,
    body: { field, amount },
  });
  expect(status, text).toBe(200);
  return json as { allowed: boolean; used: number; limit: number };
}

const erase = async (headers: Record<string, string>) =>
  (await app.send("/api/account", { method: "DELETE", headers })).status;

test("an erasure during the first consumption gives no second quota", async () => {
  for (let round = 0; round < 20; round += 1) {
    const user = await signIn(`erases-${round}`);
    const statuses: number[] = [];
    const verdicts = await Promise.all([
      consume(user, "words_used", 500),
      ...[0, 3, 6].map(async (pause) => {
        await new Promise((resolve) => setTimeout(resolve, pause));
        statuses.push(await erase(user));
        return consume(user, "words_used", 500);
      }),
    ]);
    verdicts.push(await consume(user, "words_used", 500));
    expect(statuses).toEqual([200, 200, 200]);
    expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(1);
  }
});

test("a blocked user who erases the account and signs in again is blocked", async () => {
  const admin = await signIn("admin");
  const block = { userId: "blocked", field: "words_used", limit: 0 };
  const granted = await app.send("/api/admin/overrides", { method: "POST", headers: admin, body: block });
  expect(granted.status, granted.text).toBe(200);
  expect(await erase(await signIn("blocked"))).toBe(200);
  expect(await consume(await signIn("blocked"), "words_used", 1)).toMatchObject({ allowed: false, limit: 0 });
});

test("an admin cannot change their own limits, and an erasure leaves the attempt in the audit log", async () => {
  const admin = await signIn("admin");
  const own = { userId: "admin", field: "words_used" };
  for (const [method, body] of [
    ["POST", { ...own, limit: 100_000 }],
    ["DELETE", own],
  ] as const) {
    const { status, json } = await app.send("/api/admin/overrides", { method, headers: admin, body });
    expect([status, json]).toEqual([403, expect.objectContaining({ reason: "self_grant", field: "userId" })]);
  }
  const simulation = {
    userId: "admin",
    scenario: "new_subscription",
    customData: { newPlan: "plus", newLimit: 9_000 },
  };
  const ran = await app.send("/api/test/webhook-simulation", { method: "POST", headers: admin, body: simulation });
  expect([ran.status, ran.json]).toEqual([403, expect.objectContaining({ reason: "self_grant" })]);
  expect(await consume(admin, "words_used", 1)).toMatchObject({ limit: 500 });

  expect(await erase(admin)).toBe(200);
  const { rows } = await database.pool().query(
    `select act, actor, user_id ~ '^erased_' as pseudonym, details ->> 'limit' as amount from audit_entries
     where act like 'override.%' and details ? 'refused' order by entry_id`,
  );
  expect(rows).toEqual([
    { act: "override.granted", actor: "admin", pseudonym: true, amount: "100000" },
    { act: "override.revoked", actor: "admin", pseudonym: true, amount: null },
  ]);
});
