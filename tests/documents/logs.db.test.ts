/** The documents' log searches, on the lines of the process. */

import pino from "pino";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { chatbotsTable } from "@/app/(product)/chatbots/_lib/chatbots-table";
import { checkoutRequest } from "@/lib/billing/schemas/purchase-requests";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { log } from "@/lib/core/observability";
import { DatabaseError } from "@/lib/database";
import { fakePaddleSubscription } from "@/lib/sandbox/event-builders/paddle/fake-subscription";
import { checkout } from "@/lib/subscriptions/checkout";
import { createGate } from "@/lib/usage/gate";
import { usageOf } from "@/lib/usage/usage-of";
import { fakeProcessors } from "@/tests/support/fake-processors";
import { meteredDatabase } from "@/tests/support/metered";
import { deliverPaddle } from "@/tests/support/paddle";
import { setProcessGateway } from "@/tests/support/process-gateway";
import { deliver } from "@/tests/support/stripe";

const { gateway, query, subscribe } = meteredDatabase();

let lines: string[] = [];
const level = log.level;
beforeEach(() => {
  lines = [];
  log.level = "info";
  // Collects the lines for standard output.
  const destination = (log as unknown as Record<symbol, pino.DestinationStream>)[pino.symbols.streamSym];
  vi.spyOn(destination as pino.DestinationStream, "write").mockImplementation((line) => void lines.push(line));
});
afterEach(() => {
  log.level = level;
  vi.restoreAllMocks();
});

/** As `grep` does. */
const found = (text: string) => lines.filter((line) => line.includes(text)).map((line) => JSON.parse(line));

test("Decision: RESET usage - Billing period renewal detected", async () => {
  const fake = await subscribe("log-renewal", { plan: "plus", startsAt: Date.now() - 20 * DAY_MS });
  await gateway.setSandboxClock("log-renewal", fake.periodEnd() + HOUR_MS);
  await deliver(gateway, fake.renewed());
  const [line, ...more] = found("[Webhook] Decision: RESET usage - Billing period renewal detected");
  expect(more).toEqual([]);
  expect(line).toMatchObject({ userId: "log-renewal", product: "writer" });
  expect(found("Billing period renewed, resetting usage")).toEqual([line]);
});

test("Decision: PRESERVE usage - Plan change mid-cycle detected, with its change analysis", async () => {
  const fake = await subscribe("log-change", { plan: "plus" });
  await gateway.consume("log-change", "words_used", 8_000);
  await deliver(gateway, fake.planChanged("ultra", Date.now()));
  expect(found("[Webhook] Decision: PRESERVE usage - Plan change mid-cycle detected")).toEqual([
    expect.objectContaining({
      before: expect.objectContaining({ plan: "plus" }),
      after: expect.objectContaining({ plan: "ultra" }),
    }),
  ]);
  expect(found("[Webhook] Change analysis")).not.toEqual([]);
});

test("Subscription activated and usage reset", async () => {
  const price = { product: "chatbots", plan: "starter", interval: "monthly" } as const;
  const fake = fakePaddleSubscription({ id: "sub_log", price, startsAt: Date.now() - 20 * DAY_MS });
  await gateway.linkTransaction("paddle", fake.transaction, "log-paddle");
  await deliverPaddle(gateway, fake.created());
  await deliverPaddle(gateway, fake.paidAhead(Date.now()));
  expect(found("Subscription activated and usage reset").map(({ eventType }) => eventType)).toEqual([
    "subscription.created",
    "transaction.completed",
  ]);
});

test("Webhook event already processed", async () => {
  const fake = await subscribe("log-twice", { plan: "plus" });
  const event = fake.planChanged("ultra", Date.now());
  await deliver(gateway, event);
  await deliver(gateway, event);
  expect(found("Webhook event already processed")).toEqual([expect.objectContaining({ eventId: event.id })]);
});

test("Failed to check and increment usage", async () => {
  const gate = createGate(() => ({
    ...gateway,
    consumeBatch: () => Promise.reject(new DatabaseError("no connection", "unavailable", "57P01")),
  }));
  await expect(gate.consume("log-failed", "messages_count")).rejects.toThrow("no connection");
  expect(found("Failed to check and increment usage")).toEqual([
    expect.objectContaining({ userId: "log-failed", code: "57P01" }),
  ]);
});

test("a refused charge is not logged as a failure", async () => {
  const gate = createGate(() => gateway);
  await gate.consume("log-refused", "messages_count", 101);
  await expect(gate.consume("log-refused", "messages_count", -1)).rejects.toThrow();
  expect(found("Failed to check and increment usage")).toEqual([]);
});

test("Plan downgrade blocked", async () => {
  await subscribe("log-blocked", { product: "chatbots", plan: "growth" });
  for (let bot = 0; bot < 5; bot += 1) await chatbotsTable(gateway).create("log-blocked", `Bot ${bot}`);
  const wanted = checkoutRequest.parse({ product: "chatbots", plan: "starter" });
  await expect(checkout({ id: "log-blocked", email: null }, wanted, fakeProcessors(gateway).context)).rejects.toThrow();
  expect(found("Plan downgrade blocked")).toEqual([
    expect.objectContaining({ userId: "log-blocked", plan: "starter", reason: "chatbot_limit_exceeded" }),
  ]);
});

test("Plan auto-corrected: Plus → Ultra (usage preserved)", async () => {
  await subscribe("log-corrected", { plan: "ultra" });
  await query("update subscriptions set plan = 'plus' where user_id = 'log-corrected' and product = 'writer'");
  setProcessGateway(gateway);
  await usageOf("log-corrected");
  expect(found("[Usage] Plan auto-corrected: Plus → Ultra (usage preserved)")).toEqual([
    expect.objectContaining({ userId: "log-corrected", product: "writer" }),
  ]);
});
