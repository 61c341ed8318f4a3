/** Sales by a service in the audit log, and their erasure. */
import { afterAll, expect, test } from "vitest";
import { DomainError } from "@/lib/core/domain-error";
import { createGateway } from "@/lib/database/gateway";
import type { Subject } from "@/lib/identity";
import { testDatabase } from "@/tests/support/database";
import { recordedSale } from "./sales";

const database = testDatabase();
const gateway = createGateway(database.transport());
afterAll(() => gateway.end());

const subject = (id: string, service: Subject["service"]): Subject => ({ id, email: null, service });
const SALE = { product: "mail", plan: "silver" };
const sell = (who: Subject, work: () => Promise<unknown> = async () => "sold") =>
  recordedSale(who, "plan.changed", SALE, gateway, work);
const entries = async () =>
  (await database.pool().query("select actor, user_id, details from audit_entries order by entry_id")).rows;

test("a sale by a service has an entry, also a refused one; a user's own purchase has none", async () => {
  await gateway.ensureUser("buyer", null, null);
  expect(await sell(subject("buyer", null))).toBe("sold");
  expect(await entries()).toEqual([]);
  expect(await sell(subject("buyer", { actorId: "kim" }))).toBe("sold");
  const refusal = new DomainError("conflict", "not_subscribed", "You have no subscription.");
  await expect(sell(subject("buyer", { actorId: null }), () => Promise.reject(refusal))).rejects.toBe(refusal);
  expect(await entries()).toEqual([
    { actor: "service_key", user_id: "buyer", details: { ...SALE, actorId: "kim" } },
    { actor: "service_key", user_id: "buyer", details: { ...SALE, refused: "You have no subscription." } },
  ]);
});

test("the erasure of the person for whom a service acted removes that person, and keeps the entry", async () => {
  await gateway.ensureUser("kim", null, null);
  await gateway.eraseAccount("kim");
  expect((await entries())[0]).toEqual({ actor: "service_key", user_id: "buyer", details: SALE });
});

test("the erasure of the buyer keeps the sale under a pseudonym", async () => {
  await sell(subject("buyer", { actorId: "lee" }));
  await gateway.eraseAccount("buyer");
  const [first, , last] = await entries();
  expect(first.user_id).toMatch(/^erased_/);
  expect(last).toEqual({ actor: "service_key", user_id: first.user_id, details: SALE });
});
