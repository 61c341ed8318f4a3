/** Refunds, credit notes and disputes, with their events in Stripe's order. */
import type Stripe from "stripe";
import { describe, expect, test } from "vitest";
import { stripeAccount } from "@/tests/support/stripe-account";

const { sandbox, stripe, delivered, pay, hosted, gateway, payer } = stripeAccount("regretful");

/** Buys Mail Silver, and clears the recorded events. */
async function buy() {
  const { id: customer } = await stripe.customers.create({ metadata: { user_id: payer.id } });
  const session = await stripe.checkout.sessions.create({
    mode: "subscription",
    customer,
    line_items: [{ price: "price_mail_silver_monthly", quantity: 1 }],
    subscription_data: { metadata: { user_id: payer.id } },
    success_url: "http://localhost:3000/billing",
  });
  await pay(session.id);
  const { data } = await stripe.invoices.list({ customer, expand: ["data.payments"] });
  const [invoice] = data as [Stripe.Invoice];
  const payment = invoice.payments?.data[0]?.payment.payment_intent as string;
  delivered.length = 0;
  return { customer, invoice, payment };
}
const types = async () => {
  await sandbox.idle();
  return delivered.map(({ type }) => type);
};
const press = (invoice: string, action: string) =>
  hosted.submit(sandbox, "invoice", invoice, new URLSearchParams({ action }));
const notes = async () => (await gateway.userDetail(payer.id, 1)).notes.map(({ kind, amount }) => ({ kind, amount }));

describe("a refund", () => {
  test("of a part emits its event before its charge's, names its payment, and reaches the user", async () => {
    const { customer, invoice, payment } = await buy();
    const refund = await stripe.refunds.create({
      payment_intent: payment,
      amount: 500,
      reason: "requested_by_customer",
    });
    expect(refund).toMatchObject({ amount: 500, status: "succeeded", payment_intent: payment });
    expect(await types()).toEqual(["refund.created", "charge.refunded"]);
    expect(delivered[1]).toMatchObject({
      object: { id: refund.charge, customer, amount: 1_999, amount_refunded: 500, refunded: false },
      previous: { amount_refunded: 0 },
      outcome: "applied",
    });
    expect(await notes()).toEqual([{ kind: "refund", amount: 500 }]);
    // The invoice itself does not change.
    expect(await stripe.invoices.retrieve(invoice.id as string)).toMatchObject({
      status: "paid",
      amount_paid: 1_999,
      post_payment_credit_notes_amount: 0,
    });
    expect((await stripe.charges.list({ customer })).data).toMatchObject([{ id: refund.charge, amount_refunded: 500 }]);
    expect((await stripe.refunds.list({ payment_intent: payment })).data).toMatchObject([{ id: refund.id }]);
  });

  test("of the whole rest leaves nothing to refund", async () => {
    const { payment } = await buy();
    const first = await stripe.refunds.create({ payment_intent: payment, amount: 999 });
    const rest = await stripe.refunds.create({ charge: first.charge as string });
    expect(rest.amount).toBe(1_000);
    expect(await stripe.charges.retrieve(first.charge as string)).toMatchObject({ refunded: true });
    await expect(stripe.refunds.create({ payment_intent: payment })).rejects.toMatchObject({
      code: "charge_already_refunded",
    });
  });

  test.each([
    ["of more than was paid", { amount: 2_000 }, { param: "amount" }],
    ["of nothing", { amount: 0 }, { param: "amount" }],
    ["of no payment", { payment_intent: undefined }, { code: "parameter_missing" }],
    ["of a payment that is not there", { payment_intent: "pi_none" }, { code: "resource_missing" }],
  ])("%s is refused and emits no event", async (_, over, problem) => {
    const { payment } = await buy();
    const { payment_intent = payment, ...rest } = { payment_intent: payment, ...over };
    const named = "payment_intent" in over && over.payment_intent === undefined ? {} : { payment_intent };
    await expect(stripe.refunds.create({ ...rest, ...named })).rejects.toMatchObject(problem);
    expect(await types()).toEqual([]);
  });
});

describe("a credit note", () => {
  test("of a paid invoice refunds its charge, emits its event after the refund's, and changes the invoice", async () => {
    const { invoice, payment } = await buy();
    const note = await stripe.creditNotes.create({ invoice: invoice.id as string, amount: 600, refund_amount: 600 });
    expect(note).toMatchObject({ type: "post_payment", post_payment_amount: 600, number: `${invoice.number}-CN-01` });
    expect(await types()).toEqual(["refund.created", "charge.refunded", "credit_note.created", "invoice.updated"]);
    expect(delivered.at(-1)?.previous).toEqual({ post_payment_credit_notes_amount: 0 });
    expect((await stripe.refunds.list({ payment_intent: payment })).data).toMatchObject([
      { id: note.refunds[0]?.refund, amount: 600 },
    ]);
  });

  test("to the balance pays the next invoice", async () => {
    const { customer, invoice } = await buy();
    await stripe.creditNotes.create({ invoice: invoice.id as string, amount: 600, credit_amount: 600 });
    expect(await types()).toEqual(["credit_note.created", "customer.updated", "invoice.updated"]);
    expect(await stripe.customers.retrieve(customer)).toMatchObject({ balance: -600 });
  });

  test.each([
    ["with a refund below its amount", { amount: 600, refund_amount: 500 }],
    ["of more than the invoice", { amount: 2_000, refund_amount: 2_000 }],
  ])("%s is refused", async (_, order) => {
    const { invoice } = await buy();
    const id = invoice.id as string;
    await expect(stripe.creditNotes.create({ invoice: id, ...order })).rejects.toMatchObject({ param: "amount" });
    expect(await types()).toEqual([]);
  });
});

describe("a dispute", () => {
  test("that is lost withdraws the funds when it opens, and returns none", async () => {
    const { invoice, payment } = await buy();
    await press(invoice.id as string, "dispute");
    const [dispute] = (await stripe.disputes.list({ payment_intent: payment })).data as [Stripe.Dispute];
    expect(dispute).toMatchObject({ status: "needs_response", amount: 1_999 });
    expect(dispute.balance_transactions).toMatchObject([{ amount: -1_999, fee: 1_500 }]);
    await expect(stripe.refunds.create({ payment_intent: payment })).rejects.toMatchObject({ code: "charge_disputed" });
    await press(invoice.id as string, "lose");
    expect(await types()).toEqual([
      "charge.dispute.created",
      "charge.dispute.funds_withdrawn",
      "charge.dispute.closed",
    ]);
    expect(delivered[0]?.object).toMatchObject({ balance_transactions: [] });
    expect(delivered[2]).toMatchObject({ object: { status: "lost" }, previous: { status: "needs_response" } });
  });

  test("that is won after evidence is closed, and the funds are reinstated", async () => {
    const { invoice, payment } = await buy();
    await press(invoice.id as string, "dispute");
    const [{ id }] = (await stripe.disputes.list({ payment_intent: payment })).data as [Stripe.Dispute];
    await stripe.disputes.update(id, { evidence: { uncategorized_text: "They used it." }, submit: true });
    await press(invoice.id as string, "win");
    expect(await types()).toEqual([
      "charge.dispute.created",
      "charge.dispute.funds_withdrawn",
      "charge.dispute.updated",
      "charge.dispute.closed",
      "charge.dispute.funds_reinstated",
    ]);
    const won = await stripe.disputes.retrieve(id);
    expect(won).toMatchObject({ status: "won", evidence_details: { has_evidence: true } });
    expect(won.balance_transactions.map(({ amount }) => amount)).toEqual([-1_999, 1_999]);
    await expect(stripe.disputes.close(id)).rejects.toMatchObject({ message: /is closed/ });
  });

  test("can be opened once, for the amount that was not refunded", async () => {
    const { invoice, payment } = await buy();
    const id = invoice.id as string;
    const here = `/sandbox/stripe/invoice/${id}`;
    expect(await press(id, "win")).toBe(`${here}?problem=refused`);
    expect(await press(id, "refund_half")).toBe(here);
    expect(await press(id, "dispute")).toBe(here);
    expect(await press(id, "dispute")).toBe(`${here}?problem=refused`);
    expect((await stripe.disputes.list({ payment_intent: payment })).data).toMatchObject([{ amount: 1_000 }]);
    expect((await hosted.hostedPage(sandbox, "invoice", id))?.refundSummary).toEqual({
      refunded: 999,
      credited: 0,
      dispute: "needs_response",
      can: { refund: false, dispute: false, answer: true, close: true },
    });
  });
});
