import { afterAll, beforeEach, expect, test } from "vitest";
import { invoicesViewSchema } from "@/lib/billing/schemas/purchase";
import { checkoutRequest } from "@/lib/billing/schemas/purchase-requests";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import type { SubscriptionState } from "@/lib/billing/types";
import { DomainError } from "@/lib/core/domain-error";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { ProcessorError } from "@/lib/processors/processor-client";
import { fakePaddleSubscription } from "@/lib/sandbox/event-builders/paddle/fake-subscription";
import { customerObject, event } from "@/lib/sandbox/event-builders/stripe/events";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { testDatabase } from "@/tests/support/database";
import { fakeProcessors } from "@/tests/support/fake-processors";
import { deliverPaddle } from "@/tests/support/paddle";
import { deliver } from "@/tests/support/stripe";
import { checkout } from "./checkout";
import { returnFromCheckout } from "./checkout-return";
import { duePaymentOf, invoiceDocument, invoicesOf, portalOf } from "./invoices";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());

let users = 0;
let userId = "";
beforeEach(async () => {
  users += 1;
  userId = `payer-${users}`;
  await gateway.linkCustomer("stripe", `cus_${userId}`, userId, "checkout");
  await gateway.linkCustomer("paddle", `ctm_${userId}`, userId, "checkout");
});

const refusal = (request: Promise<unknown>) =>
  request.then(
    () => null,
    (error: unknown) => (error instanceof DomainError ? { problem: error.problem, reason: error.reason } : error),
  );

test("invoices are those of both processors, newest first, with our link for Paddle's document", async () => {
  const { context } = fakeProcessors(gateway);
  const view = invoicesViewSchema.parse(await invoicesOf(userId, context));
  expect(view.unavailable).toEqual([]);
  expect(view.invoices.map(({ id, processor, at, pdf }) => ({ id, processor, at, pdf }))).toEqual([
    { id: `in_cus_${userId}`, processor: "stripe", at: "2026-11-02T00:00:00.000Z", pdf: null },
    {
      id: `in_ctm_${userId}`,
      processor: "paddle",
      at: "2026-11-01T00:00:00.000Z",
      pdf: `/api/invoices/paddle/in_ctm_${userId}`,
    },
  ]);
});

test("invoices name a processor without an answer, and no processor that is not configured", async () => {
  const { context, clients } = fakeProcessors(gateway);
  clients.stripe.invoices = async () => {
    throw new ProcessorError("away", "unavailable", null);
  };
  expect(await invoicesOf(userId, context)).toMatchObject({
    unavailable: ["stripe"],
    invoices: [{ processor: "paddle" }],
  });
  clients.stripe.invoices = async () => {
    throw new ProcessorError("gone", "not_found", null);
  };
  expect(await invoicesOf(userId, context)).toMatchObject({ unavailable: [], invoices: [{ processor: "paddle" }] });
  const none = { ...context, getProcessor: async () => undefined };
  expect(await invoicesOf(userId, none)).toEqual({ unavailable: [], invoices: [] });
});

test("a document is given only for the user's own invoice", async () => {
  const { context, requestsOf } = fakeProcessors(gateway);
  expect(await invoiceDocument(userId, "paddle", `in_ctm_${userId}`, context)).toBe(
    `https://pdf.example/in_ctm_${userId}`,
  );
  const before = requestsOf("invoicePdf").length;
  for (const [who, processor, id] of [
    ["mallory", "paddle", `in_ctm_${userId}`],
    [userId, "paddle", "in_ctm_other"],
    [userId, "stripe", `in_ctm_${userId}`],
    [userId, "constructor", `in_ctm_${userId}`],
  ] as const) {
    expect(await refusal(invoiceDocument(who, processor, id, context))).toEqual({
      problem: "not_found",
      reason: "invoice_not_found",
    });
  }
  expect(requestsOf("invoicePdf")).toHaveLength(before);
});

test("a Paddle payer without a linked customer gets the subscription's invoices and card page only", async () => {
  const { context, requestsOf } = fakeProcessors(gateway);
  const user = `typed-${userId}`;
  const price = { product: "mail", plan: "silver", interval: "monthly" } as const;
  const fake = fakePaddleSubscription({ id: `sub_${user}`, price, startsAt: Date.now() - DAY_MS });
  await gateway.linkTransaction("paddle", fake.transaction, user);
  await deliverPaddle(gateway, fake.created());
  expect(await invoicesOf(user, context)).toMatchObject({ invoices: [{ id: `in_sub_${user}`, processor: "paddle" }] });
  expect(requestsOf("invoices")).toEqual([{ subscriptions: [`sub_${user}`] }]);
  expect(await portalOf(user, undefined, context)).toEqual({ url: `https://card.example/sub_${user}` });
  expect(requestsOf("portal")).toEqual([]);
});

test("the payment page is the open payment's page, else the page for cards", async () => {
  const { context, subscriptions, pay, checkouts } = fakeProcessors(gateway);
  const buyer = { id: `due-${userId}`, email: null };
  const bought = await checkout(buyer, checkoutRequest.parse({ product: "mail", plan: "silver" }), context);
  const id = pay(checkouts[0]?.id as string);
  await returnFromCheckout(buyer.id, bought.checkout as string, context);
  expect(await duePaymentOf(buyer.id, "mail", context)).toMatchObject({
    url: expect.stringContaining("portal.example"),
  });
  (subscriptions.get(id) as { state: SubscriptionState }).state.status = "past_due";
  expect(await duePaymentOf(buyer.id, "mail", context)).toEqual({ url: `https://due.example/${id}` });
  expect(await refusal(duePaymentOf("mallory", "mail", context))).toEqual({
    problem: "not_found",
    reason: "no_customer",
  });
});

test("the portal belongs to the subscription's payer, else to the latest customer", async () => {
  const { context, requestsOf, subscriptions } = fakeProcessors(gateway);
  expect(await portalOf(userId, undefined, context)).toMatchObject({ url: expect.stringContaining(userId) });

  const price = { product: "mail", plan: "silver", interval: "monthly" } as const;
  const id = `sub_${userId}`;
  const fake = fakeStripeSubscription({ id, userId, price, startsAt: Date.now() - DAY_MS });
  await gateway.linkCustomer("stripe", `cus_${userId}_old`, userId, "checkout");
  const created = JSON.parse(JSON.stringify(fake.created()));
  created.data.object.customer = `cus_${userId}`;
  await deliver(gateway, created);
  subscriptions.set(id, {
    userId,
    customer: `cus_${userId}`,
    processor: "stripe",
    price,
    at: Date.now(),
    state: {
      plan: "silver",
      interval: "monthly",
      quantity: 1,
      status: "active",
      periodStart: Date.now() - DAY_MS,
      periodEnd: Date.now() + DAY_MS,
      cancelAt: null,
      trialEnd: null,
      collectionPaused: false,
    },
  });
  expect(await portalOf(userId, "mail", context)).toEqual({ url: `https://portal.example/cus_${userId}` });
  expect(requestsOf("portal").at(-1)).toEqual({
    customer: `cus_${userId}`,
    links: [id],
    returnUrl: "https://app.example/billing",
  });
  expect(await refusal(portalOf("mallory", "mail", context))).toEqual({
    problem: "not_found",
    reason: "no_customer",
  });
});

test("a customer that was deleted at the processor is removed", async () => {
  const created = Math.floor(Date.now() / 1000);
  const deleted = { ...customerObject({ id: `cus_${userId}`, created }), deleted: true };
  await deliver(gateway, event("customer.deleted", deleted, undefined, { id: `evt_deleted_${userId}`, created }));
  expect((await gateway.billingAccounts(userId)).customers).toEqual([
    { processor: "paddle", customer: `ctm_${userId}` },
  ]);
});
