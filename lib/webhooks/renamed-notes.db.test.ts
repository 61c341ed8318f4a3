/** The migration that names Stripe's notes by the charge or the dispute instead of the event. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { chargeObject, customerObject, disputeObject, event, type StripeObject } from "@/lib/sandbox/event-builders/stripe/events";
import { meteredDatabase } from "@/tests/support/metered";
import { deliver } from "@/tests/support/stripe";

const { gateway, query } = meteredDatabase();
const CREATED = 1_790_000_000;

const MIGRATION = path.resolve(import.meta.dirname, "../../supabase/migrations/20261128010000_discounts.sql");
const [RENAME = ""] = /with named as[\s\S]*?;/.exec(readFileSync(MIGRATION, "utf8")) ?? [];

const charge = (id: string, refunded: number) =>
  chargeObject({ id, customer: "cus_1", invoice: "in_1", amount: 1_999, refunded, created: CREATED }, "basil");
const dispute = (status: "needs_response" | "lost") =>
  disputeObject({ id: "du_1", charge: "ch_1", amount: 1_999, status, created: CREATED }, "basil");

const EVENTS: [string, string, StripeObject][] = [
  ["evt_1", "charge.refunded", charge("ch_1", 500)],
  ["evt_2", "charge.refunded", charge("ch_1", 1_999)],
  // The same refund by another event, as a second endpoint of the account would send it.
  ["evt_3", "charge.refunded", charge("ch_1", 500)],
  ["evt_4", "charge.dispute.created", dispute("needs_response")],
  ["evt_5", "charge.dispute.closed", dispute("lost")],
  ["evt_6", "customer.deleted", customerObject({ id: "cus_1", created: CREATED })],
  ["evt_7", "charge.refunded", charge("ch_2", 100)],
];

test("notes of refunds and disputes get the names that new ones have; of one refund twice, one does", async () => {
  const inserted = new Map<string, string>();
  for (const [id, type, object] of EVENTS) {
    await deliver(gateway, event(type, object, undefined, { id, created: CREATED }));
    const [note] = await query<{ note_id: string }>("select note_id from notes where event_id = $1", [id]);
    if (note) inserted.set(id, note.note_id);
  }
  // As the version before named them, the repeated one included.
  await query("update notes set note_id = 'stripe:' || event_id || ':note'");
  await query(
    `insert into notes (note_id, kind, processor, event_id, customer_id, amount, currency, occurred_at)
     select 'stripe:evt_3:note', kind, processor, 'evt_3', customer_id, amount, currency, occurred_at
     from notes where event_id = 'evt_1'`,
  );
  // Its event is not stored any more.
  await query("delete from webhook_events where id = 'evt_7'");

  await query(RENAME);
  const renamed = await query<{ event_id: string; note_id: string }>("select event_id, note_id from notes");
  expect(Object.fromEntries(renamed.map(({ event_id, note_id }) => [event_id, note_id]))).toEqual({
    ...Object.fromEntries(inserted),
    evt_3: "stripe:evt_3:note",
    evt_7: "stripe:evt_7:note",
  });
  expect(inserted.get("evt_4")).toBe("stripe:du_1:dispute_opened");
});
