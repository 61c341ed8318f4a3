/** A refunded purchase gives no quota. */
import { describe, expect, test } from "vitest";
import { purchasesPaidTwice } from "@/tests/support/purchases-paid-twice";

const { database, gateway, buyer, twoOpen, mail } = purchasesPaidTwice();

/** Uses stamps half a minute after the first payment, so before a second one. */
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

const NO_CHANGE = { ended: 0, failed: 0 };
const ENDED = { ended: 1, failed: 0 };

describe("of two purchases, the job refunds", () => {
  test("the second of the same plan if the first was used", async () => {
    const { pay, returnsFrom, receives, round, refunds, transactions } = await twoOpen(
      ["titanium", "paddle"],
      ["titanium", "stripe"],
    );
    await receives(0, pay(0));
    await usesTheFirst(35_000);
    pay(1, 1);
    await returnsFrom(1);
    expect(await round()).toEqual(ENDED);
    expect(refunds()).toEqual([transactions[1]]);
    expect((await mail()).meters[0]).toMatchObject({ used: 35_000 });
    expect(await gateway.consume(buyer.id, "stamps_used", 1)).toMatchObject({ allowed: false });
  });

  test("the unused first one if the second is a higher plan and was used", async () => {
    const { pay, returnsFrom, receives, round, refunds, transactions } = await twoOpen(
      ["bronze", "paddle"],
      ["titanium", "stripe"],
    );
    await receives(0, pay(0));
    pay(1, 1);
    await returnsFrom(1);
    await gateway.consume(buyer.id, "stamps_used", 35_000);
    // The first checkout was paid, and its payer has not returned.
    expect(await round()).toEqual(ENDED);
    expect(refunds()).toEqual([transactions[0]]);
    expect(await mail()).toMatchObject({ plan: "titanium" });
    expect((await mail()).meters[0]).toMatchObject({ used: 35_000 });
  });

  test("neither if both were used, and writes one audit entry", async () => {
    const { pay, returnsFrom, receives, round, cancels, refunds, transactions } = await twoOpen(
      ["bronze", "paddle"],
      ["titanium", "stripe"],
    );
    await receives(0, pay(0));
    await usesTheFirst(100);
    pay(1, 1);
    await returnsFrom(1);
    await gateway.consume(buyer.id, "stamps_used", 20_000);
    expect(await round()).toEqual(NO_CHANGE);
    expect(await round()).toEqual(NO_CHANGE);
    expect([cancels(), refunds()]).toEqual([[], []]);
    expect(await statusOf(transactions[1])).toEqual({ status: "paid", duplicate: "used" });
    expect(await gateway.auditEntries(buyer.id, 10)).toMatchObject([{ act: "purchase.duplicate" }]);
  });

  test("none that was used during its cancellation", async () => {
    const { pay, returnsFrom, receives, round, cancels, refunds, clients, transactions } = await twoOpen(
      ["bronze", "paddle"],
      ["titanium", "stripe"],
    );
    await receives(0, pay(0));
    await usesTheFirst(100);
    const doubled = pay(1, 1);
    await returnsFrom(1);
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

  test("the second one if its stamps were released, which count as unused", async () => {
    const { pay, returnsFrom, receives, round, refunds, transactions } = await twoOpen(
      ["bronze", "paddle"],
      ["titanium", "stripe"],
    );
    await receives(0, pay(0));
    await usesTheFirst(100);
    pay(1, 1);
    await returnsFrom(1);
    await gateway.consume(buyer.id, "stamps_used", 50);
    await gateway.release(buyer.id, "stamps_used", 50);
    expect(await round()).toEqual(ENDED);
    expect(refunds()).toEqual([transactions[1]]);
  });

  test("the unused first one if the second has reserved stamps, which count as used", async () => {
    const { pay, returnsFrom, receives, round, refunds, transactions } = await twoOpen(
      ["bronze", "paddle"],
      ["titanium", "stripe"],
    );
    await receives(0, pay(0));
    pay(1, 1);
    await returnsFrom(1);
    await gateway.reserve(buyer.id, "stamps_used", 50, 600);
    expect(await round()).toEqual(ENDED);
    expect(refunds()).toEqual([transactions[0]]);
  });
});
