/** Controls: Paddle's description refuses each wrong value and accepts each right one. */
import { describe, expect, test } from "vitest";
import { event, planPrice, subscriptionEntity, transactionEntity } from "@/lib/sandbox/event-builders/paddle/events";
import { KnownDifferences, NOT_IN_DESCRIPTION } from "./known";
import { PaddleDescription } from "./paddle-description";
import { listed } from "./problem";
import type { Exchange } from "./record";
import { missingData, sharedText } from "./shared-data";
import { without } from "./without";

const BASE = "http://127.0.0.1:3000/v1";
const ULID = "01hv8gq3318ktkfengj2r75gfx";
const SUBSCRIPTION = `sub_${ULID}`;
const PRICE = `pri_${ULID}`;

const REFUSAL = {
  error: {
    type: "request_error",
    code: "not_found",
    detail: "Entity not found",
    documentation_url: "https://developer.paddle.com/errors/shared/not_found",
  },
  meta: { request_id: "b15ec92e-8688-40d4-a04d-f44cbec93355" },
};
const WRONG = { ...REFUSAL, error: { ...REFUSAL.error, type: "client_error" } };

interface FakeEvent {
  event_type: string;
  data: Record<string, object>;
}

describe.skipIf(missingData() !== null)("Paddle's description", () => {
  const description = missingData() === null ? new PaddleDescription(sharedText("paddle") as string) : null;

  const exchange = (method: string, url: string, body?: unknown): Exchange => ({
    method,
    url: `${BASE}${url}`,
    body,
    status: 400,
    answer: REFUSAL,
  });
  const update = (body: object) => exchange("PATCH", `/subscriptions/${SUBSCRIPTION}`, body);
  const items = [{ price_id: PRICE, quantity: 1 }];

  test.each<[string, Exchange, RegExp | null]>([
    ["a right update", update({ items, proration_billing_mode: "do_not_bill" }), null],
    ["an unknown field", update({ items, billing_mode: "do_not_bill" }), /"billing_mode"/],
    ["an unknown field of an item", update({ items: [{ ...items[0], plan: "silver" }] }), /\.items\[\]: .*"plan"/],
    [
      "a wrong enum",
      update({ items, proration_billing_mode: "at_once" }),
      /\.proration_billing_mode: must be equal to/,
    ],
    ["a missing field", exchange("POST", "/transactions", { currency_code: "USD" }), /required property 'items'/],
    ["a wrong type", update({ items: [{ price_id: PRICE, quantity: "1" }] }), /\.items\[\]\.quantity: must be/],
    ["an id of another kind", update({ items: [{ price_id: SUBSCRIPTION, quantity: 1 }] }), /\.price_id: must match/],
    ["a right query", exchange("GET", "/transactions?status=paid,completed&per_page=30"), null],
    ["an unknown parameter of a query", exchange("GET", "/transactions?state=paid"), /\.state: must NOT be there/],
    ["a wrong enum in a query", exchange("GET", "/transactions?status=paid,done"), /must be equal to/],
    ["an unknown path", exchange("GET", "/plans"), /has no GET \/plans/],
    ["an unknown method", exchange("DELETE", "/transactions"), /has no DELETE/],
    ["an undescribed status", { ...exchange("GET", "/transactions"), status: 299 }, /has no status 299/],
    ["an answer without data", { ...exchange("GET", `/subscriptions/${SUBSCRIPTION}`), status: 200 }, /'data'/],
    ["a right refusal", exchange("GET", "/transactions"), null],
    [
      "a refusal of a wrong type",
      { ...exchange("GET", "/transactions"), answer: WRONG },
      /\.error\.type: must be equal/,
    ],
  ])("%s", (_, recorded, problem) => {
    const found = listed(description?.exchange("control", recorded, BASE) ?? []);
    if (problem === null) expect(found).toEqual([]);
    else expect(found).toEqual(expect.arrayContaining([expect.stringMatching(problem)]));
  });

  const at = Date.UTC(2026, 0, 1);
  const price = planPrice({ product: "mail", plan: "silver", interval: "monthly" });
  const subject = { customer: `ctm_${ULID}`, period: { start: at, end: at + 1 } };
  const subscription = { ...subject, id: SUBSCRIPTION, items: [{ price }], createdAt: at, updatedAt: at };
  const transaction = {
    ...subject,
    id: `txn_${ULID}`,
    subscription: SUBSCRIPTION,
    origin: "web" as const,
    status: "completed" as const,
    lines: [{ price, amount: 1_999 }],
    at,
  };
  const of = { id: `evt_${ULID}`, at };
  const updated = event("subscription.updated", subscriptionEntity(subscription), of) as unknown as FakeEvent;
  const paid = event("transaction.completed", transactionEntity(transaction), of) as unknown as FakeEvent;

  test.each<[string, object, RegExp | null]>([
    ["a right subscription", updated, null],
    ["a right transaction", paid, null],
    ["an unknown event", { ...updated, event_type: "subscription.renewed" }, /has no event subscription\.renewed/],
    ["an unknown field", { ...updated, data: { ...updated.data, plan: "silver" } }, /\.data: .*"plan"/],
    ["a field of another object", { ...paid, data: { ...paid.data, next_billed_at: null } }, /"next_billed_at"/],
    ["a missing field", { ...updated, data: { ...updated.data, next_billed_at: undefined } }, /'next_billed_at'/],
    ["a wrong enum", { ...updated, data: { ...updated.data, status: "ended" } }, /\.data\.status: must be equal to/],
    ["a wrong type", { ...paid, data: { ...paid.data, billed_at: 1 } }, /\.data\.billed_at: must be string/],
    ["an invalid date", { ...paid, data: { ...paid.data, billed_at: "yesterday" } }, /must match format "date-time"/],
    [
      "an unknown field, deep inside",
      { ...paid, data: { ...paid.data, details: { ...paid.data.details, sum: "1" } } },
      /\.data\.details: .*"sum"/,
    ],
  ])("an event: %s", (_, body, problem) => {
    const known = new KnownDifferences(NOT_IN_DESCRIPTION);
    const found = listed(description?.event(without(known, "paddle event", body)) ?? []);
    if (problem === null) expect(found).toEqual([]);
    else expect(found).toEqual(expect.arrayContaining([expect.stringMatching(problem)]));
  });
});
