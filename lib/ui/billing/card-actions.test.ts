import { expect, it } from "vitest";
import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { cardActions } from "./card-actions";

const textsOf = (changes: Partial<SubscriptionView>) => {
  const { primary, rest } = cardActions({
    product: "mail",
    plan: "silver",
    status: "active",
    processor: "stripe",
    interval: "monthly",
    cancelAt: null,
    scheduledPlan: null,
    ...changes,
  } as SubscriptionView);
  return [primary?.text ?? null, ...rest.map(({ text }) => text)];
};
const date = "2026-12-01T00:00:00Z";

it.each<[Partial<SubscriptionView>, (string | null)[]]>([
  [{ plan: "free", status: "free", processor: null, interval: null }, ["Upgrade"]],
  [{ plan: "free", status: "canceled", processor: null, interval: null }, ["Subscribe again"]],
  [{}, ["Upgrade", "Change plan", "Pay yearly", "Payment method", "Cancel plan"]],
  [{ interval: "yearly" }, ["Upgrade", "Change plan", "Pay monthly", "Payment method", "Cancel plan"]],
  [{ plan: "titanium" }, ["Change plan", "Pay yearly", "Payment method", "Cancel plan"]],
  [{ status: "past_due" }, ["Fix payment", "Cancel plan"]],
  [{ status: "past_due", plan: "free" }, ["Fix payment", "Cancel plan"]],
  [{ status: "incomplete", plan: "free" }, ["Finish payment"]],
  [{ status: "paused", plan: "free" }, ["Resume", "Payment method", "Cancel plan"]],
  [{ cancelAt: date }, ["Keep Silver", "Payment method"]],
  [{ scheduledPlan: "bronze" }, ["Keep Silver", "Payment method", "Cancel plan"]],
])("a subscription with %j has the actions %j", (changes, texts) => {
  expect(textsOf(changes)).toEqual(texts);
});

it("links to the other interval's preview", () => {
  const { rest } = cardActions({
    product: "mail",
    plan: "silver",
    status: "active",
    processor: "stripe",
    interval: "monthly",
    cancelAt: null,
    scheduledPlan: null,
  } as SubscriptionView);
  expect(rest).toContainEqual({
    kind: "link",
    text: "Pay yearly",
    href: "/billing/change?product=mail&plan=silver&interval=yearly",
  });
});
