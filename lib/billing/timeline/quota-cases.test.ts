/** Histories in which a search once found more usage than was paid for; each led to a correction. */
import { test } from "vitest";
import type { Action } from "@/tests/support/billing-simulator/actions";
import { expectWithinBound, greedy } from "@/tests/support/billing-simulator/expect-within-bound";

test.each<[string, Action[]]>([
  [
    "an upgrade with a failed charge in the second of the switch",
    ["subscribeLow", "card", "switchInterval", "upgradeProrated"],
  ],
  [
    "an upgrade in an unpaid renewal, after a renewal that was never paid",
    ["subscribeHigh", "toPeriodEnd", "cancelProrated", "trial", "toPeriodEnd", "upgradePendingIfIncomplete"],
  ],
  [
    "a switch to yearly and back to monthly within a second, after a renewal that was never paid",
    ["trial", "toPeriodEnd", "cancel", "subscribeYearly", "switchInterval", "hour", "toPeriodEnd"],
  ],
  [
    "a refused trial with a failing charge, after a renewal that was never paid",
    ["hour", "trial", "toPeriodEnd", "cancel", "trialAgain", "card", "endTrial"],
  ],
  [
    "a payment that starts within a second of two periods",
    ["subscribeLow", "hour", "switchInterval", "restartFull", "useHalf", "switchInterval", "hour"],
  ],
  [
    "a switch that was declined within a second of a renewal",
    ["subscribeInvoiced", "collectWaived", "toPeriodEnd", "declinedSwitch", "hour", "moveByTrial", "hour"],
  ],
  [
    "a switch that was declined within a second of a renewal, at an unlisted price",
    ["subscribeHigh", "collectWaived", "changeListing", "toPeriodEnd", "declinedSwitch", "hour", "moveByTrial"],
  ],
  [
    "a cycle that restarts before the renewal is charged",
    ["subscribeLow", "toPeriodEnd", "changeListing", "restartFull", "toPeriodEnd"],
  ],
  [
    "a cycle that restarts before a sent invoice is due",
    ["subscribeInvoiced", "hour", "restartFull", "toPeriodEnd", "cancelProrated"],
  ],
  [
    "an upgraded trial with an item that was removed and returned",
    ["trial", "upgradePendingIfIncomplete", "removeItem", "returnItem", "hour"],
  ],
  [
    "a trial inside a trial that was ended and paid within a second, beside a yearly period",
    [
      "subscribeYearly",
      "subscribeSecond",
      "upgradePendingIfIncomplete",
      "moveByTrial",
      "endTrial",
      "hour",
      "moveByTrial",
    ],
  ],
  [
    "a second trial inside a yearly period that a restart had replaced",
    [
      "subscribeYearly",
      "hour",
      "switchInterval",
      "moveByTrial",
      "hour",
      "cancelAtPeriodEnd",
      "toPeriodEnd",
      "trialAgain",
    ],
  ],
  [
    "a truncated list after the removal of the plan's item",
    ["subscribeYearly", "removeItem", "switchInterval", "truncatedUpdate", "hour", "hour", "toPeriodEnd", "hour"],
  ],
  [
    "an unlisted payment after an upgrade that was declined",
    ["subscribeInvoiced", "card", "upgradeInvoiced", "changeListing", "card", "hour"],
  ],
  [
    "an upgrade by debit after a failed upgrade within a second of a paid switch",
    ["subscribeLow", "card", "switchInterval", "upgradeInvoiced", "downgrade", "card", "upgradeByDebit", "card"],
  ],
  [
    "a trial that continues one of two paid subscriptions",
    ["trial", "subscribeSecond", "upgradeInvoiced", "hour", "hour", "moveByTrial", "hour"],
  ],
  [
    "a trial that continues an upgraded subscription and is extended",
    ["subscribeYearly", "subscribeSecond", "upgradeProrated", "moveByTrial", "extendTrial", "hour"],
  ],
])("%s", (_, actions) => expectWithinBound(greedy(actions)));
