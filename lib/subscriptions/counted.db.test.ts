/** Every user request that reaches a payment processor counts under one limit. */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import { DomainError } from "@/lib/core/domain-error";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { provideFakeClients } from "@/lib/processors/registry";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { type PurchaseContext, purchaseContext, withAttemptLimit } from "@/lib/subscriptions/purchase-context";
import { testDatabase } from "@/tests/support/database";
import { fakeProcessors } from "@/tests/support/fake-processors";
import { setProcessGateway } from "@/tests/support/process-gateway";
import { deliver } from "@/tests/support/stripe";
import * as subscriptions from ".";

const ROOT = path.join(import.meta.dirname, "..", "..");
const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
setProcessGateway(gateway);
provideFakeClients(async () => (await import("@/lib/sandbox")).fakeClients);
afterAll(() => gateway.end());

const USER = "counted-user";
const MAIL = "mail";
const wanted = { product: MAIL, plan: "titanium", interval: "monthly" } as const;

/** The functions that routes and pages call for a user, by name. */
const CALLS: Record<string, (context: PurchaseContext) => Promise<unknown>> = {
  previewChange: (context) => subscriptions.previewChange(USER, wanted, context),
  changePlan: (context) => subscriptions.changePlan(USER, wanted, context),
  cancelSubscription: (context) => subscriptions.cancelSubscription(USER, MAIL, context),
  resumeSubscription: (context) => subscriptions.resumeSubscription(USER, MAIL, context),
  invoicesOf: (context) => subscriptions.invoicesOf(USER, context),
  invoiceDocument: (context) => subscriptions.invoiceDocument(USER, "stripe", "in_1", context),
  duePaymentOf: (context) => subscriptions.duePaymentOf(USER, MAIL, context),
  portalOf: (context) => subscriptions.portalOf(USER, MAIL, context),
  checkout: (context) =>
    subscriptions.checkout(
      { id: `${USER}-new`, email: null },
      subscriptions.checkoutRequest.parse({ product: MAIL, plan: "silver" }),
      context,
    ),
  returnFromCheckout: async (context) => {
    const { context: uncounted } = fakeProcessors(gateway);
    const buyer = { id: `${USER}-returning`, email: null };
    const { checkout } = await subscriptions.checkout(
      buyer,
      subscriptions.checkoutRequest.parse({ product: MAIL, plan: "silver" }),
      uncounted,
    );
    return subscriptions.returnFromCheckout(buyer.id, checkout as string, context);
  },
};

/** Functions with a PurchaseContext that send no request to a processor. */
const READS = ["checkoutStatus"];

const refused = () => Promise.reject(new DomainError("too_many", "rate_limited", "Too many attempts."));

test.each(Object.entries(CALLS))("%s sends no request to a processor above the limit", async (_, call) => {
  const startsAt = Math.floor(Date.now() / 1000) * 1000 - DAY_MS;
  const price = { ...wanted, plan: "silver" };
  const fake = fakeStripeSubscription({ id: `sub_${USER}`, userId: USER, price, startsAt, status: "active" });
  await deliver(gateway, fake.created());
  await deliver(gateway, fake.paid("subscription_create", startsAt + 1_000));
  const { context, requests } = fakeProcessors(gateway);
  await expect(call(withAttemptLimit(context, refused))).rejects.toMatchObject({
    problem: "too_many",
    reason: "rate_limited",
  });
  expect(requests).toEqual([]);
});

test("one user request counts once, also with several requests to a processor", async () => {
  let attempts = 0;
  const { context, requests } = fakeProcessors(gateway);
  const counting = withAttemptLimit(context, async () => {
    attempts += 1;
  });
  for (let turn = 0; turn < 2; turn += 1) await subscriptions.invoicesOf(USER, counting);
  expect(requests.length).toBeGreaterThan(1);
  expect(attempts).toBe(1);
});

test("a user's 61st request within a minute is refused, and another user's request passes", async () => {
  for (let turn = 0; turn < 60; turn += 1) expect(await purchaseContext(USER).getProcessor("stripe")).toBeDefined();
  await expect(purchaseContext(USER).getProcessor("paddle")).rejects.toMatchObject({
    problem: "too_many",
    reason: "rate_limited",
  });
  expect(await purchaseContext(`${USER}-other`).getProcessor("stripe")).toBeDefined();
});

describe("the list of counted functions", () => {
  const texts = (pattern: string) =>
    globSync(pattern, { cwd: ROOT })
      .filter((file) => !file.includes(".test."))
      .map((file) => ({ file: file.replaceAll("\\", "/"), text: readFileSync(path.join(ROOT, file), "utf8") }));

  test("has every function with a PurchaseContext that the app can call", () => {
    const taking = texts("lib/subscriptions/*.ts").flatMap(({ text }) =>
      [...text.matchAll(/^export async function (\w+)\(([^)]*)\)/gm)]
        .filter(([, name, parameters]) => parameters?.includes("PurchaseContext") && name && name in subscriptions)
        .map(([, name]) => name),
    );
    expect(taking.sort()).toEqual([...Object.keys(CALLS), ...READS].sort());
  });

  test("is complete: routes, actions and pages get a processor only from purchaseContext(userId)", () => {
    const direct = texts("{app,lib}/**/*.{ts,tsx}")
      .filter(({ text }) => /^(import|export) \{[^}]*\bgetProcessor\b|(stripe|paddle)\/client"/m.test(text))
      .map(({ file }) => file)
      .sort();
    expect(direct).toEqual([
      // Jobs and admins.
      "lib/jobs/reconcile-all.ts",
      "lib/jobs/schedule.ts",
      // The registry, and the sandbox's clients for it.
      "lib/processors/index.ts",
      // Reads which plans have a price, without a request.
      "lib/processors/offer.ts",
      "lib/processors/registry.ts",
      "lib/sandbox/clients.ts",
      "lib/server/start-warnings.ts",
      "lib/subscriptions/purchase-context.ts",
      // A processor's signed delivery.
      "lib/webhooks/webhook-route.ts",
    ]);
  });
});
