import { describe, expect, test } from "vitest";
import { createGateway } from "@/lib/database/gateway";
import { simulate } from "@/lib/sandbox/scenarios";
import { testDatabase } from "@/tests/support/database";
import { grantOverride, revokeOverride } from "./repair";
import { grantRequest } from "./requests";

const database = testDatabase();
const gateway = createGateway(database.transport());
const query = async (text: string, values: unknown[] = []) => (await database.pool().query(text, values)).rows;

/** Runs one statement as a role and rolls it back. */
async function as(role: string, statement: string): Promise<unknown> {
  const client = await database.pool().connect();
  try {
    await client.query("begin");
    await client.query(`set local role ${role}`);
    return await client.query(statement);
  } finally {
    await client.query("rollback");
    client.release();
  }
}

const grant = (userId: string, by: string) =>
  grantOverride(
    grantRequest.parse({ userId, field: "stamps_used", limit: 800, reason: `Asked by ${userId}` }),
    by,
    gateway,
  );

describe("the audit log", () => {
  const CHANGES = [
    "update tollgate.audit_entries set details = '{}'",
    "update tollgate.audit_entries set user_id = 'erased_1'",
    "update tollgate.audit_entries set actor = 'another'",
    "delete from tollgate.audit_entries",
    "truncate tollgate.audit_entries",
  ];

  test.each(CHANGES.flatMap((change) => ["service_role", "postgres"].map((role) => [role, change] as const)))(
    "%s cannot: %s",
    async (role, change) => {
      await gateway.recordAuditEntry("sam", "gauge.synced", "ada", { drift: 1 });
      await expect(as(role, change)).rejects.toMatchObject({
        code: "42501",
        message: "Entries of the audit log are kept as they are.",
      });
    },
  );

  test.each([
    ["another actor", "actor = 'another'"],
    ["another act", "act = 'gauge.synced_not'"],
    ["another time", "done_at = now() - interval '1 year'"],
    ["another detail", `details = '{"drift": 2}'`],
    ["a user id that is not a pseudonym", "user_id = 'another'"],
  ])("the pseudonymization of an erasure gives no entry %s", async (_, change) => {
    await gateway.recordAuditEntry("sam", "gauge.synced", "ada", { drift: 1 });
    const statement = `do $$ begin
      perform pg_catalog.set_config('tollgate.audit', 'pseudonymize', true);
      update tollgate.audit_entries set ${change};
    end $$`;
    await expect(as("service_role", statement)).rejects.toMatchObject({ code: "42501" });
  });

  test("retention deletes only entries older than its days, at least 365", async () => {
    await query(
      "insert into audit_entries (actor, act, user_id, details, done_at) values ('sam', 'old.act', null, '{}', now() - interval '400 days')",
    );
    const before = await query("select from audit_entries");
    expect(await query("select cleanup_audit_entries(500) as result")).toEqual([{ result: { deleted: 0 } }]);
    expect(await query("select cleanup_audit_entries(365) as result")).toEqual([{ result: { deleted: 1 } }]);
    expect(await query("select from audit_entries")).toHaveLength(before.length - 1);
    await expect(query("select cleanup_audit_entries(364)")).rejects.toMatchObject({ code: "TG400" });
    // The exemption ends with the function.
    await expect(
      as(
        "service_role",
        "do $$ begin perform tollgate.cleanup_audit_entries(365); delete from tollgate.audit_entries; end $$",
      ),
    ).rejects.toMatchObject({ code: "42501" });
  });

  test("keeps field, limit, time and actor after an erasure, under the ledger's pseudonym", async () => {
    await grant("erased-user", "sam");
    await gateway.recordAuditEntry("sam", "customer.linked", "erased-user", {
      processor: "stripe",
      customerId: "cus_1",
    });
    await gateway.recordAuditEntry("sam", "subscription.moved", "another-user", { from: "erased-user", moved: true });
    await gateway.consume("erased-user", "stamps_used", 600);
    const [granted] = await gateway.auditEntries("erased-user", 50).then((entries) => entries.slice(-1));
    await gateway.eraseAccount("erased-user");
    const [ledger] = await query("select distinct user_id from usage_ledger where user_id ~ '^erased_'");
    const entries = await gateway.auditEntries(ledger.user_id, 50);
    expect(entries.map(({ at, actor, act, details }) => ({ at, actor, act, details }))).toEqual([
      { at: expect.anything(), actor: "sam", act: "customer.linked", details: { processor: "stripe" } },
      {
        at: granted?.at,
        actor: "sam",
        act: "override.granted",
        details: { field: "stamps_used", limit: 800, expiresAt: null },
      },
    ]);
    expect(await gateway.auditEntries("another-user", 50)).toMatchObject([{ details: { moved: true } }]);
    expect(
      await query("select from audit_entries a where a::text like '%erased-user%' or a::text like '%cus_1%'"),
    ).toEqual([]);
  });
});

describe("an admin cannot change their own limits", () => {
  const REFUSED = { problem: "forbidden", code: "TG403", reason: "self_grant", field: "userId" };

  test("by a grant or by lifting a block, and the attempt is recorded", async () => {
    await gateway.setLimitOverride("mallory", "stamps_used", 0, { by: "sam", expiresAt: null });
    await expect(grant("mallory", "mallory")).rejects.toMatchObject(REFUSED);
    await expect(revokeOverride({ userId: "mallory", field: "stamps_used" }, "mallory", gateway)).rejects.toMatchObject(
      REFUSED,
    );
    expect(await gateway.consume("mallory", "stamps_used", 1)).toMatchObject({ allowed: false, limit: 0 });
    const entries = await gateway.auditEntries("mallory", 50);
    expect(entries.map(({ act, details }) => [act, typeof details.refused])).toEqual([
      ["override.revoked", "string"],
      ["override.granted", "string"],
    ]);
    expect(await grant("mallory", "sam")).toMatchObject({ limit: 800 });
  });

  test("by a simulation with a limit, which then delivers no event", async () => {
    const request = { userId: "eve", scenario: "new_subscription", customData: { newLimit: 9_000, plan: "silver" } };
    const run = (by: string, dryRun: boolean) => simulate({ ...request, dryRun } as never, by, gateway);
    await expect(run("eve", false)).rejects.toMatchObject({ problem: "forbidden", reason: "self_grant" });
    expect(await query("select from users where user_id = 'eve'")).toEqual([]);
    expect(await run("eve", true)).toMatchObject({ dryRun: true });
    expect(await run("sam", false)).toMatchObject({ after: { plan: "silver" } });
  });
});
