/** Charges, refunds, credit notes and disputes. */
import type Stripe from "stripe";
import { z } from "zod";
import type { AccountState } from "../account-state";
import { answerDispute, loseDispute } from "../disputes";
import { listOf } from "../list";
import { chargeNamed, moneyOf } from "../money";
import { chargeOf, creditNoteOf, disputeOf, refundOf } from "../money-objects";
import type { Charge, Dispute } from "../money-types";
import { invalid, missing } from "../problem";
import { issueCreditNote, refundCharge } from "../refunds";
import {
  byPath,
  count,
  endpoint,
  find,
  flag,
  listParams,
  merged,
  metadata,
  page,
  requireCustomer,
  text,
} from "./endpoint";
import { paramsOf } from "./params-of";

/** One page of the objects that belong to the named payment. */
function pageOfPayment<T extends { id: string; charge: string }>(
  state: AccountState,
  params: Parameters<typeof paymentNamed>[1] & Parameters<typeof page>[1],
  all: readonly T[],
) {
  const charge = paymentNamed(state, params);
  return page(
    all.filter((each) => each.charge === charge.id),
    params,
  );
}

const amount = count.pipe(z.number().min(1, "Invalid positive integer"));

const refunds = [
  endpoint({
    method: "POST",
    path: "/v1/refunds",
    params: paramsOf<Stripe.RefundCreateParams>()({
      charge: text.optional(),
      payment_intent: text.optional(),
      amount: amount.optional(),
      reason: z.enum(["duplicate", "fraudulent", "requested_by_customer"]).optional(),
      metadata: metadata.optional(),
    }),
    of: referenceOf,
    run: (step, params) => {
      const { reason, amount: part } = params;
      const charge = paymentNamed(step.state, params);
      return refundOf(refundCharge(step, charge, { amount: part, reason, metadata: merged({}, params.metadata) }));
    },
  }),
  endpoint({
    method: "GET",
    path: "/v1/refunds/:id",
    params: z.strictObject({}),
    of: byPath("refund"),
    run: ({ state }, _, id) => refundOf(requireObject(moneyOf(state).refunds, "refund", id)),
  }),
  endpoint({
    method: "GET",
    path: "/v1/refunds",
    params: paramsOf<Stripe.RefundListParams>()({
      ...listParams,
      charge: text.optional(),
      payment_intent: text.optional(),
    }),
    of: referenceOf,
    run: ({ state }, params) => {
      const { data, hasMore } = pageOfPayment(state, params, moneyOf(state).refunds);
      return listOf("/v1/refunds", data.map(refundOf), hasMore);
    },
  }),
];

const charges = [
  endpoint({
    method: "GET",
    path: "/v1/charges/:id",
    params: z.strictObject({}),
    of: byPath("charge"),
    run: ({ state }, _, id) => chargeOf(state, requireObject(moneyOf(state).charges, "charge", id)),
  }),
  endpoint({
    method: "GET",
    path: "/v1/charges",
    params: paramsOf<Stripe.ChargeListParams>()({ ...listParams, customer: text, payment_intent: text.optional() }),
    of: ({ customer }) => ({ object: customer, kind: "customer", param: "customer" }),
    run: ({ state }, params) => {
      requireCustomer(state, params.customer);
      const only = params.payment_intent === undefined ? null : chargeNamed(state, params.payment_intent);
      const wanted = moneyOf(state).charges.filter((charge) => only === null || charge === only);
      const { data, hasMore } = page(wanted, params);
      return listOf(
        "/v1/charges",
        data.map((charge) => chargeOf(state, charge)),
        hasMore,
      );
    },
  }),
];

const creditNotes = [
  endpoint({
    method: "POST",
    path: "/v1/credit_notes",
    params: paramsOf<Stripe.CreditNoteCreateParams>()({
      invoice: text,
      amount: amount.optional(),
      refund_amount: count.optional(),
      credit_amount: count.optional(),
      reason: z.enum(["duplicate", "fraudulent", "order_change", "product_unsatisfactory"]).optional(),
      memo: text.optional(),
      email_type: z.enum(["credit_note", "none"]).optional(),
    }),
    of: ({ invoice }) => ({ object: invoice, kind: "invoice", param: "invoice" }),
    run: (step, params) => {
      const invoice = find(step.state, "invoices", params.invoice, "invoice");
      const { amount: total, refund_amount: refundAmount = 0, credit_amount: toBalance = 0 } = params;
      if (total === undefined) throw invalid("The sandbox requires the `amount` of a credit note.", "amount");
      if (invoice.status === "paid" && refundAmount + toBalance !== total) {
        const message =
          "The sum of credit amount, refund amount and out of band amount must equal the credit note amount.";
        throw invalid(message, "amount");
      }
      const { reason = null, memo = null } = params;
      return creditNoteOf(issueCreditNote(step, invoice, { amount: total, refundAmount, reason, memo }));
    },
  }),
  endpoint({
    method: "GET",
    path: "/v1/credit_notes/:id",
    params: z.strictObject({}),
    of: byPath("credit_note"),
    run: ({ state }, _, id) => creditNoteOf(requireObject(moneyOf(state).creditNotes, "credit note", id)),
  }),
  endpoint({
    method: "GET",
    path: "/v1/credit_notes",
    params: paramsOf<Stripe.CreditNoteListParams>()({ ...listParams, invoice: text }),
    of: ({ invoice }) => ({ object: invoice, kind: "invoice", param: "invoice" }),
    run: ({ state }, params) => {
      const wanted = moneyOf(state).creditNotes.filter(({ invoice }) => invoice === params.invoice);
      const { data, hasMore } = page(wanted, params);
      return listOf("/v1/credit_notes", data.map(creditNoteOf), hasMore);
    },
  }),
];

const disputes = [
  endpoint({
    method: "GET",
    path: "/v1/disputes/:id",
    params: z.strictObject({}),
    of: byPath("dispute"),
    run: ({ state }, _, id) => disputeOf(state, disputeNamed(state, id)),
  }),
  endpoint({
    method: "GET",
    path: "/v1/disputes",
    params: paramsOf<Stripe.DisputeListParams>()({
      ...listParams,
      charge: text.optional(),
      payment_intent: text.optional(),
    }),
    of: referenceOf,
    run: ({ state }, params) => {
      const { data, hasMore } = pageOfPayment(state, params, moneyOf(state).disputes);
      return listOf(
        "/v1/disputes",
        data.map((dispute) => disputeOf(state, dispute)),
        hasMore,
      );
    },
  }),
  endpoint({
    method: "POST",
    path: "/v1/disputes/:id",
    params: paramsOf<Stripe.DisputeUpdateParams>()({
      evidence: z.record(text, text).optional(),
      submit: flag.default(true),
    }),
    of: byPath("dispute"),
    run: (step, params, id) => {
      const dispute = disputeNamed(step.state, id);
      if (params.submit) answerDispute(step, dispute);
      return disputeOf(step.state, dispute);
    },
  }),
  endpoint({
    method: "POST",
    path: "/v1/disputes/:id/close",
    params: z.strictObject({}),
    of: byPath("dispute"),
    run: (step, _, id) => {
      const dispute = disputeNamed(step.state, id);
      loseDispute(step, dispute);
      return disputeOf(step.state, dispute);
    },
  }),
];

export const money = [...refunds, ...charges, ...creditNotes, ...disputes];

interface PaymentParams {
  charge?: string | undefined;
  payment_intent?: string | undefined;
}

/** The object that names the account: the charge or the payment intent. */
function referenceOf({ charge, payment_intent: payment }: PaymentParams) {
  if (charge !== undefined) return { object: charge, kind: "charge", param: "charge" };
  if (payment !== undefined) return { object: payment, kind: "payment_intent", param: "payment_intent" };
  const message = "One of the following params should be provided for this request: payment_intent or charge.";
  throw invalid(message, undefined, "parameter_missing");
}

function paymentNamed(state: AccountState, params: PaymentParams): Charge {
  const { object, kind, param } = referenceOf(params);
  const charge = chargeNamed(state, object);
  if (charge === undefined) throw missing(kind, object, param, 400);
  return charge;
}

function disputeNamed(state: AccountState, id: string): Dispute {
  return requireObject(moneyOf(state).disputes, "dispute", id);
}

function requireObject<T extends { id: string }>(list: readonly T[], kind: string, id: string): T {
  const found = list.find((each) => each.id === id);
  if (found === undefined) throw missing(kind, id);
  return found;
}
