/** `expand[]`: replaces ids by their objects, along the requested paths. */

import type { AccountState } from "./account-state";
import { moneyOf } from "./money";
import { chargeOf, discountOf, paymentsOf, redeemable, refundOf } from "./money-objects";
import { customerOf, invoiceOf, scheduleOf, sessionOf, subscriptionOf } from "./objects";
import { paymentMethodOf } from "./payment-method";
import { invalid } from "./problem";

/** The answer with these paths expanded; `data.` means each entry of a list. @throws StripeProblem for a wrong path */
export function expanded(state: AccountState, answer: unknown, paths: readonly string[]): unknown {
  const copy = structuredClone(answer);
  for (const path of paths) expandPath(state, copy, path.split("."), path);
  return copy;
}

function expandPath(state: AccountState, node: unknown, [key = "", ...rest]: string[], path: string): void {
  if (Array.isArray(node)) {
    for (const each of node) expandPath(state, each, [key, ...rest], path);
    return;
  }
  // An invoice has its payments only if the request expands them.
  if (isObject(node) && node.object === "invoice" && key === "payments")
    node[key] ??= paymentsOf(state, String(node.id));
  if (!isObject(node) || !Object.hasOwn(node, key))
    throw invalid(`This property cannot be expanded (${path}).`, "expand");
  const value = node[key];
  if (value === null) return;
  if (Array.isArray(value)) node[key] = value.map((each) => named(state, each, path));
  else node[key] = named(state, value, path);
  if (rest.length > 0) expandPath(state, node[key], rest, path);
}

/** The object of an id; other values stay. */
function named(state: AccountState, value: unknown, path: string): unknown {
  if (typeof value !== "string") return value;
  const found = find(state, value);
  if (found === undefined) throw invalid(`This property cannot be expanded (${path}).`, "expand");
  return found;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function find(state: AccountState, id: string): object | undefined {
  const { customer, subscriptions, invoices, sessions, schedules, cards } = state;
  const { charges, discounts, refunds } = moneyOf(state);
  const at = <T extends { id: string }>(list: readonly T[], object: (state: AccountState, found: T) => object) => {
    const found = list.find((each) => each.id === id);
    return found && object(state, found);
  };
  return (
    (customer.id === id ? customerOf(state) : undefined) ??
    at(subscriptions, subscriptionOf) ??
    at(invoices, invoiceOf) ??
    at(sessions, sessionOf) ??
    at(schedules, scheduleOf) ??
    at(cards, paymentMethodOf) ??
    at(charges, chargeOf) ??
    at(discounts, (_, discount) => discountOf(discount)) ??
    at(refunds, (_, refund) => refundOf(refund)) ??
    redeemable(id)
  );
}
