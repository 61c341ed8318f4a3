import { describe, expect, test } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import { retryWebhooks } from "@/lib/jobs/retry";
import type { StripeObject } from "@/lib/sandbox/event-builders/stripe/events";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { replay } from "@/lib/webhooks";
import { linkCustomer } from "@/lib/webhooks/link-customer";
import { meteredDatabase } from "@/tests/support/metered";
import { deliver } from "@/tests/support/stripe";
import { canBeDismissed, dismissOne, eventDetail } from "./events";

const { gateway, query, subscribe } = meteredDatabase();

/** The event of a subscription with an unlinked customer. */
function unlinked(name: string): StripeObject {
  const price = { product: "mail", plan: "silver", interval: "monthly" } as const;
  const fake = fakeStripeSubscription({ id: `sub_${name}`, userId: name, price, startsAt: Date.now() - DAY_MS });
  return JSON.parse(JSON.stringify(fake.created()).replace(`"user_id":"${name}"`, '"other":""'));
}

const outcomeOf = async (event: StripeObject) => {
  const { outcome, reason } = await gateway.loadWebhookEvent("stripe", String(event.id));
  return [outcome, reason];
};
const waiting = async () => (await gateway.serviceHealth(24)).waiting;
const planOf = async (user: string) =>
  (await gateway.usage(user)).subscriptions.find(({ product }) => product === "mail")?.plan;

describe("an event that an admin dismisses", () => {
  test("is no longer counted, retried or released by a link; a replay decides it", async () => {
    const event = unlinked("dismissed");
    await deliver(gateway, event);
    expect(await waiting()).toMatchObject({ deferred: 1 });
    expect(await dismissOne("stripe", String(event.id), "sam", gateway)).toEqual({
      outcome: "ignored",
      reason: "dismissed",
    });
    expect(await waiting()).toMatchObject({ deferred: 0 });
    const { inbox } = await gateway.billingMetrics();
    expect(inbox).toEqual([]);

    await linkCustomer({ processor: "stripe", customerId: "cus_dismissed", userId: "dismissed" }, gateway);
    await query("update webhook_events set next_attempt_at = now() - interval '1 second'");
    await retryWebhooks(gateway);
    expect((await deliver(gateway, event)).body).toMatchObject({ outcome: "duplicate" });
    expect(await outcomeOf(event)).toEqual(["ignored", "dismissed"]);
    expect(await planOf("dismissed")).toBe("free");

    expect(await replay("stripe", String(event.id), gateway)).toMatchObject({ outcome: "applied" });
    expect(await planOf("dismissed")).toBe("silver");
  });

  test.each(["quarantined", "dead"] as const)("can be %s", async (outcome) => {
    const event = unlinked(outcome);
    await deliver(gateway, event);
    await query("update webhook_events set outcome = $1 where id = $2", [outcome, event.id]);
    await dismissOne("stripe", String(event.id), "sam", gateway);
    expect(await outcomeOf(event)).toEqual(["ignored", "dismissed"]);
  });

  test("is in the audit log with the admin, once per dismissal", async () => {
    const event = unlinked("recorded");
    await deliver(gateway, event);
    for (const by of ["sam", "kim"]) await dismissOne("stripe", String(event.id), by, gateway);
    const entries = (await gateway.auditEntries(null, 50)).filter(({ details }) => details.eventId === event.id);
    expect(entries.map(({ act, actor }) => [act, actor])).toEqual([
      ["event.dismissed", "kim"],
      ["event.dismissed", "sam"],
    ]);
  });

  test("must be waiting: an applied, an undecided and an unknown event are refused", async () => {
    const fake = await subscribe("applied", { plan: "silver" });
    const applied = "evt_applied_1";
    const refused = { problem: "conflict", reason: "event_not_waiting" };
    await expect(dismissOne("stripe", applied, "sam", gateway)).rejects.toMatchObject(refused);
    expect(await planOf("applied")).toBe("silver");
    expect(canBeDismissed(await eventDetail("stripe", applied, gateway))).toBe(false);

    const undecided = fake.deleted(Date.now());
    const raw = Buffer.from(JSON.stringify(undecided));
    const stored = { processor: "stripe", id: String(undecided.id), type: String(undecided.type) } as const;
    await gateway.recordWebhookEvent({ ...stored, raw, payload: undecided, livemode: false, occurredAt: 0 });
    await expect(dismissOne("stripe", stored.id, "sam", gateway)).rejects.toMatchObject(refused);

    await expect(dismissOne("stripe", "evt_none", "sam", gateway)).rejects.toMatchObject({ problem: "not_found" });
    await expect(dismissOne("cash", "evt_none", "sam", gateway)).rejects.toMatchObject({ problem: "not_found" });
  });

  test("stays dismissed if a concurrent decision ends later", async () => {
    const event = unlinked("raced");
    await deliver(gateway, event);
    await dismissOne("stripe", String(event.id), "sam", gateway);
    const note = {
      id: "note_raced",
      kind: "refund",
      at: 0,
      customer: null,
      amount: 1,
      currency: "usd",
      detail: null,
    } as const;
    const late = { processor: "stripe", id: String(event.id) } as const;
    await gateway.addNotes(null, late, [note], { subscription: null });
    await gateway.finishWebhookEvent(late, { outcome: "deferred", reason: "unknown_user" });
    expect(await gateway.failWebhookEvent(late, "late", 1)).toBeNull();
    expect(await outcomeOf(event)).toEqual(["ignored", "dismissed"]);
    expect(await query("select 1 from notes")).toEqual([]);
  });
});
