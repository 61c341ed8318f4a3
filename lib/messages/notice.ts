/** A notice in words: the same on pages, in the admin's list and in delivered messages. Pure. */

import type { Notice } from "@/lib/billing/schemas/notice";
import { meterOf, planName, product } from "@/lib/config/current-catalog";
import { formatCount, formatNumber } from "./format";

export interface NoticeWords {
  title: string;
  body: string;
}

/** The formats of numbers and days for the user. */
export interface NoticeReading {
  locale: string;
  /** An instant (ISO) as a day: "29 November". */
  day: (at: string) => string;
}

/** The text for the user: the occasion with its numbers, and the next step. */
export function noticeWords(notice: Notice, { locale, day }: NoticeReading): NoticeWords {
  const plan = planName(notice.product, notice.plan);
  const named = `${product(notice.product).name} ${plan}`;
  switch (notice.kind) {
    case "near_limit": {
      const { unit } = meterOf(notice.field).meter;
      const percent = formatNumber(Math.floor((100 * notice.used) / notice.limit), locale);
      return {
        title: `${percent}% of your ${unit.many} are used`,
        body: `You have used ${amounts(notice, locale)} on ${named}. They reset on ${day(notice.resetsAt)}.`,
      };
    }
    case "limit_reached": {
      const { unit } = meterOf(notice.field).meter;
      return {
        title: `All your ${unit.many} are used`,
        body: `You have used ${amounts(notice, locale)} on ${named}. You can go on after the reset on ${day(notice.resetsAt)}, or immediately with a larger plan.`,
      };
    }
    case "payment_failed":
      return {
        title: `A payment for ${named} failed`,
        body: notice.graceUntil
          ? `You can go on until ${day(notice.graceUntil)}; update your card to keep ${plan}.`
          : `You can go on for a few days; update your card to keep ${plan}.`,
      };
    case "plan_ended":
      return { title: `${named} has ended`, body: "You are on Free now, and nothing more is charged." };
  }
}

function amounts({ field, used, limit }: Extract<Notice, { limit: number }>, locale: string): string {
  return `${formatNumber(used, locale)} of ${formatCount(limit, meterOf(field).meter.unit, locale)}`;
}
