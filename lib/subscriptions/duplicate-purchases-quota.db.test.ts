/** A refunded purchase gives no quota. */
import { describe, expect, test } from "vitest";
import { purchasesPaidTwice } from "@/tests/support/purchases-paid-twice";

const { database, gateway, buyer, twoOpen, mail } = purchasesPaidTwice();

/** Uses words half a minute after the first payment, so before a second one. */
async function usesTheFirst(words: number) {
  await gateway.consume(buyer.id, "stamps_used", words);
  await database
    .pool()
    .query("update usage_ledger set at = now() - interval '9 minutes 30 seconds' where user_id = $1", [buyer.id]);
}

async function statusOf(transaction: string) {
  const { rows } = await database
    .pool()
    .query("select status, duplicate from checkouts where external_id = $1", [transaction]);
  return rows[0];
}

const QUIET = { ended: 0, failed: 0 };
const ENDED = { ended: 1, failed: 0 };

describe("a refunded purchase gives no quota", () => {
  test("the first was used: the second of the same plan is refunded", async () => {
    const { pay, comesBack, hears, round, refunds, transactions } = await twoOpen(
      ["titanium", "paddle"],
      ["titanium", "stripe"],
    );
    await hears(0, pay(0));
    await usesTheFirst(35_000);
    pay(1, 1);
    await comesBack(1);
    expect(await round()).toEqual(ENDED);
    expect(refunds()).toEqual([transactions[1]]);
    expect((await mail()).meters[0]).toMatchObject({ used: 35_000 });
    expect(await gateway.consume(buyer.id, "stamps_used", 1)).toMatchObject({ allowed: false });
  });

  test("the second is a higher plan and was used: the first, unused, is refunded", async () => {
    const { pay, comesBack, hears, round, refunds, transactions } = await twoOpen(
      ["bronze", "paddle"],
      ["titanium", "stripe"],
    );
    await hears(0, pay(0));
    pay(1, 1);
    await comesBack(1);
    await gateway.consume(buyer.id, "stamps_used", 35_000);
    // The first is a checkout that was paid, and its return is late.
    expect(await round()).toEqual(ENDED);
    expect(refunds()).toEqual([transactions[0]]);
    expect(await mail()).toMatchObject({ plan: "titanium" });
    expect((await mail()).meters[0]).toMatchObject({ used: 35_000 });
  });

  test("both were used: neither is ended, and the audit log has one entry", async () => {
    const { pay, comesBack, hears, round, cancels, refunds, transactions } = await twoOpen(
      ["bronze", "paddle"],
      ["titanium", "stripe"],
    );
    await hears(0, pay(0));
    await usesTheFirst(100);
    pay(1, 1);
    await comesBack(1);
    await gateway.consume(buyer.id, "stamps_used", 20_000);
    expect(await round()).toEqual(QUIET);
    expect(await round()).toEqual(QUIET);
    expect([cancels(), refunds()]).toEqual([[], []]);
    expect(await statusOf(transactions[1])).toEqual({ status: "paid", duplicate: "used" });
    expect(await gateway.auditEntries(buyer.id, 10)).toMatchObject([{ act: "purchase.duplicate" }]);
  });

  test("used while it was being ended: it is not refunded", async () => {
    const { pay, comesBack, hears, round, cancels, refunds, clients, transactions } = await twoOpen(
      ["bronze", "paddle"],
      ["titanium", "stripe"],
    );
    await hears(0, pay(0));
    await usesTheFirst(100);
    const doubled = pay(1, 1);
    await comesBack(1);
    const { cancel } = clients.stripe;
    clients.stripe.cancel = async (id, when) => {
      await gateway.consume(buyer.id, "stamps_used", 20_000);
      await cancel(id, when);
    };
    expect(await round()).toEqual(ENDED);
    expect(cancels()).toEqual([{ id: doubled, when: "now" }]);
    expect(refunds()).toEqual([]);
    expect(await statusOf(transactions[1])).toEqual({ status: "paid", duplicate: "used" });
    expect(await gateway.auditEntries(buyer.id, 10)).toMatchObject([{ act: "purchase.ended" }]);
  });

  test("stamps that were given back were not used", async () => {
    const { pay, comesBack, hears, round, refunds, transactions } = await twoOpen(
      ["bronze", "paddle"],
      ["titanium", "stripe"],
    );
    await hears(0, pay(0));
    await usesTheFirst(100);
    pay(1, 1);
    await comesBack(1);
    await gateway.consume(buyer.id, "stamps_used", 50);
    await gateway.release(buyer.id, "stamps_used", 50);
    expect(await round()).toEqual(ENDED);
    expect(refunds()).toEqual([transactions[1]]);
  });

  test("stamps that are reserved count as used", async () => {
    const { pay, comesBack, hears, round, refunds, transactions } = await twoOpen(
      ["bronze", "paddle"],
      ["titanium", "stripe"],
    );
    await hears(0, pay(0));
    pay(1, 1);
    await comesBack(1);
    await gateway.reserve(buyer.id, "stamps_used", 50, 600);
    expect(await round()).toEqual(ENDED);
    expect(refunds()).toEqual([transactions[0]]);
  });
});
