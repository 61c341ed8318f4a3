/** Purchases that were paid twice, in each order of payments, webhooks and returns. */
import { describe, expect, test } from "vitest";
import { ProcessorError } from "@/lib/processors/processor-client";
import { purchasesPaidTwice } from "@/tests/support/purchases-paid-twice";
import { endDuplicatePurchases } from "./duplicate-purchases";

const { database, gateway, buyer, twoOpen, mail } = purchasesPaidTwice();

async function statusOf(transaction: string) {
  const { rows } = await database
    .pool()
    .query("select status, duplicate from checkouts where external_id = $1", [transaction]);
  return rows[0];
}

const NO_CHANGE = { ended: 0, failed: 0 };
const ENDED = { ended: 1, failed: 0 };

describe("a purchase that was paid twice", () => {
  test("is ended and refunded, with an audit entry, if the replaced checkout is paid later", async () => {
    const { pay, returnsFrom, round, cancels, refunds, transactions } = await twoOpen(
      ["silver", "paddle"],
      ["titanium", "stripe"],
    );
    expect((await gateway.unsettledCheckouts(10, null)).checkouts).toEqual([]);
    pay(1);
    await returnsFrom(1);
    expect(await round()).toEqual(NO_CHANGE);
    const doubled = pay(0, 1);
    expect(await round()).toEqual(ENDED);
    expect(cancels()).toEqual([{ id: doubled, when: "now" }]);
    expect(refunds()).toEqual([transactions[0]]);
    expect(await gateway.auditEntries(null, 1)).toMatchObject([
      {
        actor: "job:checkouts",
        act: "purchase.refunded",
        userId: buyer.id,
        details: { processor: "paddle", subscription: doubled, transaction: transactions[0] },
      },
    ]);
    expect(await round()).toEqual(NO_CHANGE);
    expect(await gateway.auditEntries(buyer.id, 10)).toHaveLength(1);
    expect(await mail()).toMatchObject({ plan: "titanium" });
  });

  test("is ended and refunded if the replaced checkout's payer returns before its webhook", async () => {
    const { pay, returnsFrom, round, cancels, refunds, transactions } = await twoOpen(
      ["silver", "paddle"],
      ["titanium", "paddle"],
    );
    pay(1);
    await returnsFrom(1);
    const doubled = pay(0, 1);
    await returnsFrom(0);
    expect(await round()).toEqual(ENDED);
    expect(cancels()).toEqual([{ id: doubled, when: "now" }]);
    expect(refunds()).toEqual([transactions[0]]);
    expect(await round()).toEqual(NO_CHANGE);
  });

  test("is ended and refunded for the open checkout if the replaced one is paid first", async () => {
    const { pay, returnsFrom, receives, round, cancels, refunds, transactions } = await twoOpen(
      ["silver", "paddle"],
      ["titanium", "paddle"],
    );
    await receives(0, pay(0));
    expect(await round()).toEqual(NO_CHANGE);
    const doubled = pay(1, 1);
    await returnsFrom(1);
    expect(await round()).toEqual(ENDED);
    expect(cancels()).toEqual([{ id: doubled, when: "now" }]);
    expect(refunds()).toEqual([transactions[1]]);
    expect(await mail()).toMatchObject({ plan: "silver" });
  });

  test("is kept for the first payment if both are paid before any webhook", async () => {
    const { pay, returnsFrom, round, refunds, transactions } = await twoOpen(
      ["silver", "paddle"],
      ["titanium", "paddle"],
    );
    pay(0);
    pay(1, 1);
    // The later one is known first.
    await returnsFrom(1);
    expect(await round()).toEqual(ENDED);
    expect(refunds()).toEqual([transactions[1]]);
    expect(await mail()).toMatchObject({ plan: "silver" });
  });

  test("is ended and refunded at Stripe, too", async () => {
    const { pay, receives, round, cancels, refunds, transactions } = await twoOpen(
      ["silver", "paddle"],
      ["titanium", "stripe"],
    );
    await receives(0, pay(0));
    const doubled = pay(1, 1);
    expect(await round()).toEqual(ENDED);
    expect(cancels()).toEqual([{ id: doubled, when: "now" }]);
    expect(refunds()).toEqual([transactions[1]]);
  });

  test("is refunded in a later round if the processor first refuses the refund", async () => {
    const { pay, returnsFrom, round, cancels, refunds, clients, transactions } = await twoOpen(
      ["silver", "paddle"],
      ["titanium", "stripe"],
    );
    pay(1);
    await returnsFrom(1);
    const doubled = pay(0, 1);
    const { refundCheckout } = clients.paddle;
    clients.paddle.refundCheckout = async () => {
      throw new ProcessorError("not completed yet", "invalid", "adjustment_transaction_invalid_status_for_refund");
    };
    expect(await round()).toEqual({ ended: 0, failed: 1 });
    clients.paddle.refundCheckout = refundCheckout;
    expect(await round()).toEqual(ENDED);
    expect(cancels()).toEqual([{ id: doubled, when: "now" }]);
    expect(refunds()).toEqual([transactions[0]]);
    expect(await round()).toEqual(NO_CHANGE);
    expect(await gateway.auditEntries(buyer.id, 10)).toHaveLength(1);
  });
});

describe("a checkout beside a subscription", () => {
  test("is closed at Stripe before a payment", async () => {
    const { checkouts, pay, receives, round, transactions, returnsFrom } = await twoOpen(
      ["silver", "paddle"],
      ["titanium", "stripe"],
    );
    await receives(0, pay(0));
    // Stripe closes every open session.
    const second = checkouts[1] as (typeof checkouts)[number];
    second.state = "expired";
    expect(await round()).toEqual(NO_CHANGE);
    expect(await statusOf(transactions[1])).toEqual({ status: "closed", duplicate: null });
    expect(await returnsFrom(1)).toMatchObject({ status: "expired" });
  });

  test("that stays payable is left open, and checked again", async () => {
    const { pay, receives, round, transactions, requestsOf } = await twoOpen(
      ["silver", "paddle"],
      ["titanium", "paddle"],
    );
    await receives(0, pay(0));
    await round();
    expect(await statusOf(transactions[1])).toEqual({ status: "left_open", duplicate: null });
    const requests = requestsOf("closeCheckout").length;
    await round();
    expect(requestsOf("closeCheckout")).toHaveLength(requests + 1);
  });

  test("is not fetched twice within a minute", async () => {
    const { context, pay, receives, round } = await twoOpen(["silver", "paddle"], ["titanium", "paddle"]);
    await receives(0, pay(0));
    await round();
    expect(await endDuplicatePurchases(context)).toEqual({ looked: 0, ended: 0, failed: 0 });
  });

  test("of a user with two subscriptions is checked first", async () => {
    const one = await twoOpen(["silver", "paddle"], ["titanium", "paddle"]);
    await one.receives(0, one.pay(0));
    buyer.id = `${buyer.id}-with-two`;
    const two = await twoOpen(["silver", "paddle"], ["titanium", "paddle"]);
    await two.receives(0, two.pay(0));
    await two.receives(1, two.pay(1, 1));
    await database
      .pool()
      .query("update checkouts set updated_at = now() - interval '2 minutes' where user_id = $1", [buyer.id]);
    await database
      .pool()
      .query("update checkouts set updated_at = now() - interval '9 minutes' where user_id <> $1", [buyer.id]);
    const { checkouts: listed } = await gateway.unsettledCheckouts(3, null);
    expect(listed.filter(({ userId }) => userId === buyer.id)).toHaveLength(2);
  });

  test("that sold the only subscription is no duplicate", async () => {
    const { pay, returnsFrom, receives, round, cancels, transactions } = await twoOpen(
      ["silver", "paddle"],
      ["titanium", "stripe"],
      true,
    );
    // The webhook has arrived, and the payer never returns.
    await receives(1, pay(1));
    await round();
    expect(await statusOf(transactions[1])).toEqual({ status: "paid", duplicate: null });
    await returnsFrom(1);
    expect(await round()).toEqual(NO_CHANGE);
    expect(cancels()).toEqual([]);
    expect(await mail()).toMatchObject({ plan: "titanium", status: "active" });
  });
});
