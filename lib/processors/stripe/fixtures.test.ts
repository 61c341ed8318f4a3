import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { priceLists } from "@/lib/config/current-catalog";
import { diff, SHAPES, type StripeObject } from "@/lib/sandbox/event-builders/stripe/events";
import { fixtureEvents } from "@/lib/sandbox/event-builders/stripe/fixture-events";
import { objectBefore } from "./before";
import { stripe } from "./index";
import { HANDLERS } from "./normalize";

const { find } = priceLists("stripe", {}, { sandbox: true });

describe.each(SHAPES)("the fixtures of shape %s", (shape) => {
  const folder = new URL(`./fixtures/${shape}/`, import.meta.url);
  const events = fixtureEvents(shape);
  if (process.env.UPDATE_FIXTURES === "1") writeFixtures(folder, events);
  const names = existsSync(folder) ? readdirSync(folder).map((name) => name.replace(/\.json$/, "")) : [];

  test("are the output of the builders (UPDATE_FIXTURES=1 writes them)", () => {
    expect(names.toSorted()).toEqual(Object.keys(events).toSorted());
    for (const name of names) expect(JSON.parse(read(name)), name).toEqual(events[name]);
  });

  test("have a file for every handled type, named by the type", () => {
    const types = Object.keys(HANDLERS);
    expect(types).toHaveLength(20);
    expect(types.filter((type) => !names.some((name) => isOf(name, type)))).toEqual([]);
    expect(names.filter((name) => !isOf(name, String(events[name]?.type)))).toEqual([]);
  });

  test.each(Object.keys(events))("include %s, which the normalizer reads", (name) => {
    const parsed = stripe.parse(Buffer.from(read(name)));
    if (!parsed.ok) throw new Error(parsed.reason);
    // A discount has no price.
    const outcome = parsed.event.type.startsWith("customer.discount.") ? "unpriced" : "facts";
    expect(stripe.normalize(parsed.event, find).outcome).toBe(outcome);
  });

  test("have the fields that distinguish the shapes in the shape's own place", () => {
    const object = (name: string) => (JSON.parse(read(name)) as { data: { object: StripeObject } }).data.object;
    const [old, today] = [shape !== "basil", shape !== "pre_basil"];
    const subscription = object("customer.subscription.created");
    const item = (subscription.items as { data: [StripeObject] }).data[0];
    expect(Object.hasOwn(subscription, "current_period_start")).toBe(old);
    expect(Object.hasOwn(item, "current_period_start")).toBe(today);
    const invoice = object("invoice.paid.cycle");
    expect([Object.hasOwn(invoice, "subscription"), Object.hasOwn(invoice, "parent")]).toEqual([old, today]);
    expect(Object.hasOwn(object("charge.refunded"), "invoice")).toBe(old);
    expect(Object.hasOwn(object("checkout.session.completed"), "collected_information")).toBe(today);
    expect(Object.hasOwn(object("charge.dispute.created"), "customer")).toBe(false);
  });

  function read(name: string): string {
    return readFileSync(new URL(`${name}.json`, folder), "utf8");
  }
});

function isOf(name: string, type: string): boolean {
  return name === type || name.startsWith(`${type}.`);
}

function writeFixtures(folder: URL, events: Record<string, StripeObject>): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [name, event] of Object.entries(events)) {
    writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(event, null, 2)}\n`);
  }
}

describe("diff", () => {
  test("names the changed keys of hashes, arrays as a whole, and null for an absent key", () => {
    const previous = { same: 1, changed: 1, removed: 1, hash: { a: 1, b: 2 }, list: [{ a: 1, b: 2 }], pause: null };
    const current = { same: 1, changed: 2, hash: { a: 1, b: 3, c: 4 }, list: [{ a: 1, b: 3 }], pause: { by: "us" } };
    expect(diff(previous, current)).toEqual({
      changed: 1,
      removed: 1,
      hash: { b: 2, c: null },
      list: [{ a: 1, b: 2 }],
      pause: null,
    });
  });

  test("is undone by objectBefore: hashes are merged, arrays replaced", () => {
    const current = { id: "sub_1", hash: { a: 1, b: 3 }, list: [1, 2, 3] };
    const previous = { id: "sub_1", hash: { a: 1, b: 2 }, list: [1] };
    expect(diff(previous, current)).toEqual({ hash: { b: 2 }, list: [1] });
    expect(objectBefore(current, diff(previous, current))).toEqual(previous);
  });

  test("is undone for any object, except absent keys, which become null", () => {
    const key = fc.constantFrom("a", "b", "c", "items", "__proto__");
    const object = fc.letrec<{ object: StripeObject; value: unknown }>((tie) => ({
      object: fc.dictionary(key, tie("value"), { maxKeys: 4, noNullPrototype: true }),
      value: fc.oneof(
        { maxDepth: 3 },
        fc.integer({ min: 0, max: 2 }),
        fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 2 }),
        tie("object"),
      ),
    })).object;
    fc.assert(
      fc.property(object, object, (previous, current) => {
        expect(withoutNulls(objectBefore(current, diff(previous, current)))).toEqual(withoutNulls(previous));
      }),
      { numRuns: 1000 },
    );
  });
});

function withoutNulls(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null);
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutNulls(inner)]));
}
