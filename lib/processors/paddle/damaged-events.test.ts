/** Events that are unknown, incomplete or damaged never throw. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { event, type PaddleObject } from "@/lib/sandbox/event-builders/paddle/events";
import { fixtureEvents, MARCH } from "@/lib/sandbox/event-builders/paddle/fixture-events";
import { normalized, withChanges } from "@/tests/support/normalized-paddle";
import { HANDLERS } from "./normalize";

const events = fixtureEvents();
const of = (name: string) => events[name] as PaddleObject;
const entity = (name: string) => of(name).data as PaddleObject;

describe("an event", () => {
  test.each(["customer.created", "customer.updated", "address.created", "payout.paid", "toString", "__proto__"])(
    "of the type %s is ignored",
    (type) => {
      const unhandled = event(type, {}, { id: "evt_1", at: MARCH });
      expect(normalized(unhandled)).toEqual({ outcome: "ignored", reason: "unhandled_type" });
    },
  );

  test("without data or without its instant is quarantined", () => {
    const changed = (changes: object) => normalized({ ...of("subscription.created"), ...changes });
    expect(changed({ data: null })).toMatchObject({ outcome: "quarantined", reason: "missing_field:data" });
    expect(changed({ data: [] })).toMatchObject({ reason: "missing_field:data" });
    expect(changed({ occurred_at: "soon" })).toMatchObject({ reason: "missing_field:occurred_at" });
  });

  test("gives the same facts in a replay with another notification_id", () => {
    for (const name of Object.keys(events)) {
      expect(normalized({ ...of(name), notification_id: "ntf_replayed" })).toEqual(normalized(of(name)));
    }
  });
});

describe("an arbitrary value", () => {
  const strange = fc.oneof(fc.constantFrom(null, undefined, "", 0, -1, true, [], {}, "x".repeat(300), "\u0000"));
  const keys = fc.constantFrom(...["id", "status", "items", "customer_id", "custom_data", "updated_at", "details"]);
  const more = fc.constantFrom(
    ...["current_billing_period", "scheduled_change", "billing_period", "payments", "totals"],
  );

  test("in any field never throws", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(events)),
        fc.dictionary(fc.oneof(keys, more), fc.oneof(strange, fc.jsonValue()), { maxKeys: 4 }),
        (name, changes) => {
          const data = { ...entity(name), ...changes };
          expect(["facts", "unpriced", "ignored", "quarantined"]).toContain(normalized({ ...of(name), data }).outcome);
        },
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(HANDLERS)), fc.jsonValue(), (type, data) => {
        expect(() => normalized({ ...of("transaction.paid"), event_type: type, data })).not.toThrow();
      }),
    );
  });

  test("in custom_data is at most a hint", () => {
    const identityOf = (customData: unknown) => {
      const result = normalized({
        ...of("subscription.created"),
        data: withChanges(entity("subscription.created"), { custom_data: customData }),
      });
      if (result.outcome !== "facts") throw new Error(result.outcome);
      return result.identity;
    };
    expect(identityOf({ user_id: "victim" })).toMatchObject({ trustedUserId: null, hintedUserId: "victim" });
    expect(identityOf({ userId: "victim" })).toMatchObject({ trustedUserId: null, hintedUserId: "victim" });
    for (const custom of [null, {}, [], "victim", { user_id: 7 }, { user_id: "" }, { user_id: "nul\u0000" }]) {
      expect(identityOf(custom)).toMatchObject({ trustedUserId: null, hintedUserId: null });
    }
  });
});
