import { expect, it } from "vitest";
import { REASONS } from "@/lib/billing/types";
import { activityWords } from "./activity";

const state = { plan: "plus", status: "active", cancelAt: null };
const decision = { product: "writer", action: "preserve", before: state, after: state } as const;
const why = (reason: string, after: object, before: object = state) =>
  activityWords({ ...decision, reason, before: { ...state, ...before }, after: { ...state, ...after } }).why;

it("describes a renewal", () => {
  expect(activityWords({ ...decision, action: "reset", reason: "Billing period renewal detected" })).toEqual({
    what: "Usage reset",
    why: "your plan renewed.",
  });
});

it.each(REASONS)("has a text for %j", (reason) => {
  expect(why(reason, {})).not.toBe(`${reason}.`);
});

it("shows an unknown reason unchanged", () => {
  expect(why("Something new", {})).toBe("Something new.");
});

it("names the plans of a change", () => {
  expect(why("Plan change mid-cycle detected", { plan: "ultra" })).toBe(
    "your plan changed from Plus to Ultra, and what you used stays counted.",
  );
});

it.each([
  [{}, { status: "past_due" }, "your payment is late; your plan goes on for now."],
  [{ status: "past_due" }, { status: "active" }, "your payment came through."],
  [{}, { cancelAt: "2026-06-01T00:00:00.000Z" }, "you canceled; your plan goes on until it ends."],
  [{ cancelAt: "2026-06-01T00:00:00.000Z" }, {}, "you decided to stay."],
])("describes the difference if the reason is general: %j, then %j", (before, after, words) => {
  expect(why("No billing change", after, before)).toBe(words);
});
