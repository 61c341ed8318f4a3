import { describe, expect, test } from "vitest";
import {
  chargeObject,
  customerObject,
  disputeObject,
  event,
  type SessionSpec,
  type StripeObject,
  sessionObject,
} from "@/lib/sandbox/event-builders/stripe/events";
import { type Changes, normalized, withChanges } from "@/tests/support/normalized-stripe";

const NO_IDENTITY = { customer: null, subscription: null, trustedUserId: null };
const SESSION: SessionSpec = {
  id: "cs_1",
  customer: "cus_1",
  subscription: "sub_1",
  invoice: "in_1",
  amount: 1999,
  created: 1_000_000,
};
const CHARGE = { id: "ch_1", customer: "cus_1", invoice: "in_1", amount: 1999, created: 1_000_000 };
const DISPUTE = { id: "du_1", charge: "ch_1", amount: 1999, status: "won", created: 1_000_000 } as const;

function send(type: string, object: StripeObject, changes: Changes = {}) {
  return normalized(event(type, withChanges(object, changes), undefined, { id: "evt_1", created: 2_000_000 }));
}

describe("a completed checkout", () => {
  const complete = (spec: Partial<SessionSpec>, changes: Changes = {}) =>
    send("checkout.session.completed", sessionObject({ ...SESSION, ...spec }, "basil"), changes);
  const link = (identity: object) => ({ outcome: "facts", facts: [], identity, analysis: null });

  test("links by our server's metadata", () => {
    expect(complete({ metadata: { user_id: "org_1" } })).toEqual(
      link({ customer: "cus_1", subscription: "sub_1", trustedUserId: "org_1" }),
    );
  });

  test("ignores client_reference_id, the email and the customer's own metadata", () => {
    const customer = { id: "cus_1", object: "customer", metadata: { user_id: "user_else" } };
    expect(complete({ clientReferenceId: "user_else" }, { customer, customer_email: "user_else@example.com" })).toEqual(
      link({ customer: "cus_1", subscription: "sub_1", trustedUserId: null }),
    );
  });

  test("of a guest or with unreadable fields links without them", () => {
    expect(complete({}, { customer: null, subscription: undefined })).toEqual(link(NO_IDENTITY));
    const strange = { customer: 7, subscription: { id: "" }, metadata: "user_id" };
    expect(complete({}, strange)).toEqual(link(NO_IDENTITY));
    expect(complete({}, { metadata: { user_id: "\u0000" } })).toEqual(
      link({ customer: "cus_1", subscription: "sub_1", trustedUserId: null }),
    );
  });

  test.each(["payment", "setup"])("in mode %s without a subscription links only a customer", (mode) => {
    const none = { mode, subscription: null };
    expect(complete({ metadata: { user_id: "org_1" } }, none)).toEqual({
      ...link({ customer: "cus_1", subscription: null, trustedUserId: "org_1" }),
      unlinked: "no_subscription",
    });
    expect(complete({ metadata: { user_id: "org_1" } }, { ...none, customer: null })).toEqual({
      outcome: "ignored",
      reason: "no_subscription",
    });
  });
});

describe("a note", () => {
  const noted = (note: object, customer: string | null, names: object = {}) => ({
    outcome: "facts",
    facts: [],
    notes: [{ at: 2_000_000_000, customer, currency: "usd", ...note }],
    identity: { ...NO_IDENTITY, customer, ...names },
    analysis: null,
  });

  test("of a refund has the amount refunded so far, in full or in part", () => {
    const refund = (refunded: number, changes: Changes = {}) =>
      send("charge.refunded", chargeObject({ ...CHARGE, refunded }, "basil"), changes);
    const kind = (refunded: number) => ({
      id: `stripe:ch_1:refund:${refunded}`,
      kind: "refund",
      detail: null,
      amount: refunded,
    });
    expect(refund(500)).toEqual(noted(kind(500), "cus_1"));
    expect(refund(1999)).toEqual(noted(kind(1999), "cus_1"));
    expect(refund(0)).toEqual(noted(kind(0), "cus_1"));
    expect(refund(0, { amount_refunded: undefined })).toEqual(noted(kind(1999), "cus_1"));
    expect(refund(500, { customer: null })).toEqual(noted(kind(500), null));
    expect(refund(500, { customer: { id: "cus_1", object: "customer" } })).toEqual(refund(500));
  });

  test("of a dispute has the amount, its outcome and its charge, not its customer", () => {
    const charge = { charge: "ch_1" };
    expect(send("charge.dispute.closed", disputeObject(DISPUTE, "basil"), { amount_refunded: 7 })).toEqual(
      noted({ id: "stripe:du_1:dispute_closed", kind: "dispute_closed", amount: 1999, detail: "won" }, null, charge),
    );
    const opened = disputeObject({ ...DISPUTE, status: "needs_response" }, "basil");
    expect(send("charge.dispute.created", opened)).toEqual(
      noted(
        { id: "stripe:du_1:dispute_opened", kind: "dispute_opened", amount: 1999, detail: "needs_response" },
        null,
        charge,
      ),
    );
    expect(send("charge.dispute.created", opened, { charge: { id: "ch_1", object: "charge" } })).toMatchObject({
      identity: charge,
    });
    expect(send("charge.dispute.created", opened, { charge: 7 })).toMatchObject({ identity: NO_IDENTITY });
  });

  test("of a deleted customer names the customer and no user, since a customer's metadata is ignored", () => {
    const customer = customerObject({ id: "cus_1", created: 1_000_000, metadata: { user_id: "user_else" } });
    const kind = { id: "stripe:evt_1:note", kind: "customer_deleted", amount: null, detail: null };
    expect(send("customer.deleted", customer)).toEqual(noted(kind, "cus_1"));
    expect(send("customer.deleted", customer, { currency: null })).toMatchObject({
      notes: [{ ...kind, currency: null }],
    });
  });

  test.each<[string, Changes]>([
    ["amount", { amount: "1999" }],
    ["amount", { amount: 19.99 }],
    ["amount_refunded", { amount_refunded: 1e300 }],
    ["currency", { currency: 840 }],
    ["currency", { currency: "us\u0000" }],
    ["status", { status: {} }],
    ["status", { status: "\ud800" }],
  ])("with an unreadable %s is quarantined, with its customer", (path, changes) => {
    expect(send("charge.refunded", chargeObject(CHARGE, "basil"), changes)).toEqual({
      outcome: "quarantined",
      reason: `missing_field:data.object.${path}`,
      identity: { ...NO_IDENTITY, customer: "cus_1" },
    });
  });
});
