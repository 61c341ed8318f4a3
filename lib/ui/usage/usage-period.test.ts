import { expect, it } from "vitest";
import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { daySpan, daysIn, periodId } from "./usage-period";

const now = "2026-11-20T15:00:00Z";
const subscription = (windowStart: string, resetsAt: string, periodStart: string | null = null) =>
  ({ windowStart, resetsAt, periodStart }) as SubscriptionView;

it("shows a window from its start until today", () => {
  const monthly = subscription("2026-11-03T10:00:00Z", "2026-12-03T10:00:00Z");
  expect(daySpan(monthly, "window", now)).toEqual({ first: "2026-11-03", last: "2026-11-20" });
});

it("ends the previous window at the start of the current one", () => {
  const monthly = subscription("2026-11-03T10:00:00Z", "2026-12-03T10:00:00Z");
  expect(daySpan(monthly, "previous", now)).toEqual({ first: "2026-10-03", last: "2026-11-03" });
  const midnight = subscription("2026-11-03T00:00:00Z", "2026-12-03T00:00:00Z");
  expect(daySpan(midnight, "previous", now)).toEqual({ first: "2026-10-03", last: "2026-11-02" });
});

it("counts months from the year's anchor: the window before 31 March began on 28 February", () => {
  const yearly = subscription("2027-03-31T00:00:00Z", "2027-04-30T00:00:00Z", "2027-01-31T00:00:00Z");
  expect(daySpan(yearly, "previous", "2027-04-02T00:00:00Z").first).toBe("2027-02-28");
});

it("shows thirty days if each day is a window", () => {
  const daily = subscription("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z");
  expect(daySpan(daily, "window", now)).toEqual({ first: "2026-10-22", last: "2026-11-20" });
  expect(daySpan(daily, "previous", now)).toEqual({ first: "2026-09-22", last: "2026-10-21" });
});

it("shows ninety days, including today", () => {
  expect(daySpan(subscription(now, now), "90-days", now)).toEqual({ first: "2026-08-23", last: "2026-11-20" });
});

it("reads an unknown value as the current window", () => {
  expect([periodId("previous"), periodId("nonsense"), periodId(["90-days"]), periodId(undefined)]).toEqual([
    "previous",
    "window",
    "window",
    "window",
  ]);
});

it("adds the days without use, across the end of a month", () => {
  const history = [
    { day: "2026-10-29", amount: 9 },
    { day: "2026-10-31", amount: 5 },
  ];
  expect(daysIn({ first: "2026-10-30", last: "2026-11-01" }, history)).toEqual([
    { day: "2026-10-30", amount: 0 },
    { day: "2026-10-31", amount: 5 },
    { day: "2026-11-01", amount: 0 },
  ]);
});
