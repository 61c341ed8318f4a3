import { expect, it } from "vitest";
import { REASONS } from "@/lib/billing/types";
import { activityWords } from "./activity";

const state = { plan: "silver", status: "active", cancelAt: null };
const decision = { product: "mail", action: "preserve", before: state, after: state } as const;
const causeOf = (reason: string, after: object, before: object = state) =>
  activityWords({ ...decision, reason, before: { ...state, ...before }, after: { ...state, ...after } }).cause;

it("describes a renewal", () => {
  expect(activityWords({ ...decision, action: "reset", reason: "Billing period renewal detected" })).toEqual({
    effect: "Usage reset",
    cause: "your plan renewed.",
  });
});

it.each(REASONS)("has plain words for %j", (reason) => {
  expect(causeOf(reason, {})).not.toBe(`${reason}.`);
});

it("shows an unknown reason unchanged", () => {
  expect(causeOf("Something new", {})).toBe("Something new.");
});

it("names the plans of a change", () => {
  expect(causeOf("Plan change mid-cycle detected", { plan: "titanium" })).toBe(
    "your plan changed from Silver to Titanium, and your usage stays counted.",
  );
});

it.each([
  [{}, { status: "past_due" }, "your payment is late; your plan continues for now."],
  [{ status: "past_due" }, { status: "active" }, "your payment was received."],
  [{}, { cancelAt: "2026-06-01T00:00:00.000Z" }, "you canceled; your plan continues until its end."],
  [{ cancelAt: "2026-06-01T00:00:00.000Z" }, {}, "you kept your plan."],
])("names the difference if the reason is general: %j, then %j", (before, after, words) => {
  expect(causeOf("No billing change", after, before)).toBe(words);
});
