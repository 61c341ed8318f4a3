/** `expand[]`: ids replaced by what they name, as deep as asked. */
import { customerOf, invoiceOf, scheduleOf, sessionOf, subscriptionOf } from "./objects";
import { paymentMethodOf } from "./payment-method";
import { invalid } from "./problem";
import type { World } from "./world";

/** The answer with these paths expanded; `data.` goes into each of a list. Throws where there is nothing to expand. */
export function expanded(world: World, answer: unknown, paths: readonly string[]): unknown {
  const copy = structuredClone(answer);
  for (const path of paths) expandPath(world, copy, path.split("."), path);
  return copy;
}

function expandPath(world: World, node: unknown, [key = "", ...rest]: string[], path: string): void {
  if (Array.isArray(node)) {
    for (const each of node) expandPath(world, each, [key, ...rest], path);
    return;
  }
  if (!isObject(node) || !Object.hasOwn(node, key))
    throw invalid(`This property cannot be expanded (${path}).`, "expand");
  const value = node[key];
  if (value === null) return;
  if (typeof value === "string") {
    const named = find(world, value);
    if (named === undefined) throw invalid(`This property cannot be expanded (${path}).`, "expand");
    node[key] = named;
  }
  if (rest.length > 0) expandPath(world, node[key], rest, path);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function find(world: World, id: string): object | undefined {
  const { customer, subscriptions, invoices, sessions, schedules, cards } = world;
  const at = <T extends { id: string }>(list: readonly T[], object: (world: World, found: T) => object) => {
    const found = list.find((each) => each.id === id);
    return found && object(world, found);
  };
  return (
    (customer.id === id ? customerOf(world) : undefined) ??
    at(subscriptions, subscriptionOf) ??
    at(invoices, invoiceOf) ??
    at(sessions, sessionOf) ??
    at(schedules, scheduleOf) ??
    at(cards, paymentMethodOf)
  );
}
