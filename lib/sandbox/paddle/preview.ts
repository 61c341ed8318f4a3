/** The preview of a change, computed like the change itself. */

import type {
  INextTransactionResponse,
  ISubscriptionPreviewResponse,
  ITransactionDetailsPreviewResponse,
} from "@paddle/paddle-node-sdk";
import { paddleCurrency } from "../event-builders/currency";
import {
  type ItemSpec,
  type LineSpec,
  lineItem,
  period as periodEntity,
  sumOfLines,
  taxRatesOf,
} from "../event-builders/paddle/events";
import type { PaddleStep, Subscription } from "./account-state";
import { subscriptionOf } from "./objects";
import { intervalOf, type Period, periodAfter, settle, sumOf } from "./proration";
import { type planned, pricedPeriod } from "./subscriptions";
import { dueOf } from "./transactions";

export function previewOf(
  { state, now }: PaddleStep,
  subscription: Subscription,
  items: ItemSpec[],
  change: ReturnType<typeof planned>,
): ISubscriptionPreviewResponse {
  const { balance } = state.customer;
  const waiting = [...subscription.pendingLines, ...change.later];
  const next = { start: change.period.end, end: periodAfter(change.anchor, change.period.end, intervalOf(items)) };
  const immediate = change.now.length === 0 ? null : settled(change.now, balance);
  const { id: _, ...entity } = subscriptionOf(state, { ...subscription, items, period: change.period });
  const result = sumOf(change.now);
  const linesOf = (period: Period, at?: number) => pricedPeriod(state, subscription, items, period, at).lines;
  return {
    ...entity,
    immediate_transaction: immediate && transaction(immediate, { start: now, end: change.period.end }),
    next_transaction: subscription.scheduledChange
      ? null
      : transaction(settled([...waiting, ...linesOf(next)], immediate?.left ?? balance), next),
    recurring_transaction_details: details(settled(linesOf(change.period, now), 0)),
    update_summary: immediate && {
      credit: money(sumOf(change.now.filter(({ amount }) => amount < 0))),
      charge: money(sumOf(change.now.filter(({ amount }) => amount > 0))),
      result: { action: result < 0 ? "credit" : "charge", ...money(Math.abs(result)) },
    },
  };
}

type Settled = ReturnType<typeof settle> & { lines: readonly LineSpec[] };

function settled(lines: readonly LineSpec[], balance: number): Settled {
  return { lines, ...settle(lines, balance) };
}

function transaction(settled: Settled, { start, end }: Period): INextTransactionResponse {
  return { billing_period: periodEntity(start, end), details: details(settled), adjustments: [] };
}

function details({ lines, credit, creditToBalance }: Settled): ITransactionDetailsPreviewResponse {
  const { subtotal, discount, tax, total } = sumOfLines(lines);
  const grandTotal = dueOf({ lines: [...lines], credit });
  const due = String(grandTotal);
  return {
    tax_rates_used: taxRatesOf(lines),
    totals: {
      subtotal: String(subtotal),
      discount: String(discount),
      tax: String(tax),
      total: String(total),
      credit: String(credit),
      credit_to_balance: String(creditToBalance),
      balance: due,
      grand_total: due,
      grand_total_tax: String(grandTotal === total ? tax : Math.round((tax * grandTotal) / (total || 1))),
      fee: null,
      earnings: null,
      currency_code: paddleCurrency(),
    },
    line_items: lines.map((line) => {
      const { id: _, ...entity } = lineItem(line, "");
      return entity;
    }),
  };
}

function money(amount: number) {
  return { amount: String(amount), currency_code: paddleCurrency() };
}
