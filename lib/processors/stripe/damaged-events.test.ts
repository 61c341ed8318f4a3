/** Events that are ignored, quarantined or damaged never throw. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SHAPES, type StripeObject } from "@/lib/sandbox/event-builders/stripe/events";
import { fixtureEvents } from "@/lib/sandbox/event-builders/stripe/fixture-events";
import { normalized } from "@/tests/support/normalized-stripe";

describe("an event without an effect", () => {
  test.each([
    [{ type: "customer.created" }, "unhandled_type"],
    [{ type: "constructor" }, "unhandled_type"],
    [{ type: "__proto__" }, "unhandled_type"],
    [{ type: "invoice.paid", object: "v2.core.event", created: "2026-03-01T10:00:00Z" }, "thin_event"],
    [{ type: "charge.succeeded" }, "unhandled_type"],
    [{ type: "checkout.session.expired" }, "unhandled_type"],
    [{ type: "invoice.paid" }, "no_subscription"],
  ])("%j is ignored", (event, reason) => {
    const payload = { id: "evt_1", created: 1, data: { object: { id: "x_1" } }, ...event };
    expect(normalized(payload)).toEqual({ outcome: "ignored", reason });
  });

  test.each([
    [{ created: 1 }, "missing_field:data.object"],
    [{ created: 1, data: { object: [] } }, "missing_field:data.object"],
    [{ data: { object: {} } }, "missing_field:created"],
    [{ created: 1, data: { object: {} } }, "missing_field:data.object.id"],
  ])("%j is quarantined", (event, reason) => {
    const payload = { id: "evt_1", type: "customer.subscription.updated", ...event };
    expect(normalized(payload)).toMatchObject({ outcome: "quarantined", reason });
  });
});

describe("damaged events", () => {
  const events = SHAPES.flatMap((shape) => Object.values(fixtureEvents(shape)));
  const strange = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(-1, 1e300, "", "\u0000", "\ud800", [], {}, [null]),
  );

  test("never throw, and give the same result twice", () => {
    fc.assert(
      fc.property(fc.constantFrom(...events), fc.nat(), strange, (event, position, value) => {
        const damaged = withOneChanged(event, position, value);
        const first = normalized(damaged);
        expect(["facts", "ignored", "quarantined", "unpriced"]).toContain(first.outcome);
        expect(normalized(damaged)).toEqual(first);
      }),
      { numRuns: 1000 },
    );
  });

  /** Replaces one value, anywhere inside `data`, by another. */
  function withOneChanged(event: StripeObject, position: number, value: unknown): StripeObject {
    const places: [object, string][] = [];
    const copy = structuredClone(event);
    const collect = (inner: unknown): void => {
      if (typeof inner !== "object" || inner === null) return;
      for (const key of Object.keys(inner)) {
        places.push([inner, key]);
        collect((inner as StripeObject)[key]);
      }
    };
    collect(copy.data);
    const [parent, key] = places[position % places.length] as [StripeObject, string];
    parent[key] = value;
    return copy;
  }
});
