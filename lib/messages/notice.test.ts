import { expect, test } from "vitest";
import type { Notice } from "@/lib/billing/schemas/notice";
import { noticeWords } from "./notice";

const reading = { locale: "en-GB", day: (at: string) => at.slice(0, 10) };
const about = {
  id: 1,
  userId: "ada",
  product: "mail",
  at: "2026-11-20T12:00:00.000Z",
  occasionAt: "2026-11-01T00:00:00.000Z",
  current: true,
  dismissed: false,
  deliveredAt: null,
  plan: "silver",
} as const;
const stamps = { field: "stamps_used", limit: 15_000, resetsAt: "2026-11-29T00:00:00.000Z" } as const;

test.each<[string, Notice, string, string]>([
  [
    "near a limit: percentage, numbers and reset",
    { ...about, ...stamps, kind: "near_limit", used: 12_149 /* 80.99 % is not 81 yet */ },
    "80% of your stamps are used",
    "You have used 12,149 of 15,000 stamps on Mail Silver. They reset on 2026-11-29.",
  ],
  [
    "a limit reached: the reset or a larger plan",
    { ...about, ...stamps, kind: "limit_reached", used: 15_000 },
    "All your stamps are used",
    "You have used 15,000 of 15,000 stamps on Mail Silver. You can go on after the reset on 2026-11-29, or immediately with a larger plan.",
  ],
  [
    "a failed payment: the end of grace",
    { ...about, kind: "payment_failed", processor: "stripe", graceUntil: "2026-11-27T00:00:00.000Z" },
    "A payment for Mail Silver failed",
    "You can go on until 2026-11-27; update your card to keep Silver.",
  ],
  [
    "a failed payment without a known end of grace",
    { ...about, kind: "payment_failed", processor: "paddle", graceUntil: null },
    "A payment for Mail Silver failed",
    "You can go on for a few days; update your card to keep Silver.",
  ],
  [
    "a plan that is no longer in the catalog",
    { ...about, kind: "plan_ended", processor: "stripe", plan: "legacy" },
    "Mail legacy has ended",
    "You are on Free now, and nothing more is charged.",
  ],
])("%s", (_, notice, title, body) => {
  expect(noticeWords(notice, reading)).toEqual({ title, body });
});
