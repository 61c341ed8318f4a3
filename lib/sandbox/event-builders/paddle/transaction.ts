import type {
  ITransactionNotificationResponse,
  ITransactionPaymentAttemptNotificationResponse,
} from "@paddle/paddle-node-sdk";
import type { Instant } from "@/lib/billing/types";
import { paddleCurrency } from "../currency";
import { type LineSpec, lineItem, prorationOf, sumOfLines, taxRatesOf } from "./line";
import { lineId } from "./line-id";
import { EXAMPLE_ADDRESS, INVOICE_TERMS, micros, period, priceEntities } from "./price";

/** The fields of a payment method that is no card. */
const NOT_A_CARD = { paypal: null, underlying_details: null, south_korea_local_card: null };

/** A payment attempt; the instant in milliseconds, the amount in US cents. */
export interface PaymentSpec {
  id: string;
  method: string;
  amount: number;
  captured: boolean;
  at: Instant;
  card: { type: "visa" | "mastercard"; last4: string };
}

/** The input for a transaction; instants in milliseconds, amounts in US cents. */
export interface TransactionSpec {
  id: string;
  /** null until the payer has entered a name. */
  customer: string | null;
  /** By default the default address. */
  address?: string | null;
  /** null until Paddle has created it after the first payment. */
  subscription: string | null;
  origin:
    | "web"
    | "api"
    | "subscription_recurring"
    | "subscription_update"
    | "subscription_charge"
    | "subscription_payment_method_change";
  status: "draft" | "ready" | "billed" | "paid" | "completed" | "past_due" | "canceled";
  lines: readonly LineSpec[];
  period: { start: Instant; end: Instant } | null;
  at: Instant;
  collectionMode?: "automatic" | "manual";
  /** A discount on the sum, in addition to the lines' discounts. */
  discount?: number;
  discountId?: string | null;
  /** The sums of refunds and chargebacks; null or absent without any. */
  adjusted?: { subtotal: number; tax: number; total: number } | null;
  /** The part of the total that the customer's credit balance or an adjustment paid. */
  credit?: number;
  /** The part of a negative total that goes to the customer's credit balance. */
  creditToBalance?: number;
  customData?: Record<string, string> | null;
  /** By default `at`. */
  createdAt?: Instant;
  /** By default `at`; null until it is billed. */
  billedAt?: Instant | null;
  /** The number of its invoice; by default a fixed one, once it is paid. */
  invoiceNumber?: string | null;
  checkoutUrl?: string | null;
  /** By default one that fits the status. */
  payments?: readonly PaymentSpec[];
}

/**
 * A transaction as Paddle sends it. If its status is paid, it is paid in full: by card, or by transfer for a sent
 * invoice.
 */
export function transactionEntity(spec: TransactionSpec) {
  const sums = sumOfLines(spec.lines);
  const total = sums.total - (spec.discount ?? 0);
  const grandTotal = Math.max(0, total - (spec.credit ?? 0));
  const grandTotalTax = grandTotal === total ? sums.tax : Math.round((sums.tax * grandTotal) / (total || 1));
  const paid = spec.status === "paid" || spec.status === "completed";
  const manual = spec.collectionMode === "manual";
  return {
    id: spec.id,
    items: spec.lines.map(({ price, quantity = 1, proration }) => ({
      price: priceEntities(price).price,
      price_id: price.id,
      quantity,
      proration: proration ? prorationOf(proration) : null,
    })),
    origin: spec.origin,
    status: spec.status,
    details: {
      totals: {
        fee: paid ? "150" : null,
        tax: String(sums.tax),
        total: String(total),
        credit: String(spec.credit ?? 0),
        balance: String(paid ? 0 : grandTotal),
        discount: String(sums.discount + (spec.discount ?? 0)),
        earnings: paid ? String(Math.max(0, grandTotal - 150)) : null,
        subtotal: String(sums.subtotal),
        grand_total: String(grandTotal),
        currency_code: paddleCurrency(),
        grand_total_tax: String(grandTotalTax),
        credit_to_balance: String(spec.creditToBalance ?? 0),
      },
      line_items: spec.lines.map((line, index) => lineItem(line, lineId(spec.id, index))),
      payout_totals: null,
      tax_rates_used: taxRatesOf(spec.lines),
      adjusted_totals: adjustedTotals({ ...sums, total, grandTotal, grandTotalTax }, spec.adjusted, paid),
      adjusted_payout_totals: null,
    },
    checkout: { url: spec.checkoutUrl ?? null },
    payments: spec.payments?.map(attemptOf) ?? (grandTotal > 0 && !manual ? [paymentOf(spec, grandTotal, paid)] : []),
    billed_at: spec.billedAt === null ? null : micros(spec.billedAt ?? spec.at),
    address_id: spec.address === undefined ? EXAMPLE_ADDRESS : spec.address,
    created_at: micros(spec.createdAt ?? spec.at),
    invoice_id: paid ? `inv_${spec.id.slice(4)}` : null,
    revised_at: null,
    updated_at: micros(spec.at),
    business_id: null,
    custom_data: spec.customData ?? null,
    customer_id: spec.customer,
    discount_id: spec.discountId ?? null,
    receipt_data: null,
    currency_code: paddleCurrency(),
    billing_period: spec.period === null ? null : period(spec.period.start, spec.period.end),
    invoice_number: spec.invoiceNumber === undefined ? (paid ? "325-10566" : null) : spec.invoiceNumber,
    billing_details: manual ? INVOICE_TERMS : null,
    collection_mode: spec.collectionMode ?? "automatic",
    subscription_id: spec.subscription,
  } satisfies ITransactionNotificationResponse & { receipt_data: null };
}

/** The totals minus the adjustments. */
function adjustedTotals(
  sums: { subtotal: number; tax: number; total: number; grandTotal: number; grandTotalTax: number },
  adjusted: TransactionSpec["adjusted"],
  paid: boolean,
) {
  const back = adjusted ?? { subtotal: 0, tax: 0, total: 0 };
  const grandTotal = sums.grandTotal - back.total;
  return {
    fee: paid ? "150" : null,
    tax: String(sums.tax - back.tax),
    total: String(sums.total - back.total),
    earnings: paid ? String(Math.max(0, grandTotal - 150)) : null,
    subtotal: String(sums.subtotal - back.subtotal),
    grand_total: String(grandTotal),
    retained_fee: "0",
    currency_code: paddleCurrency(),
    grand_total_tax: String(sums.grandTotalTax - back.tax),
  };
}

function attemptOf({ id, method, amount, captured, at, card }: PaymentSpec) {
  return {
    amount: String(amount),
    status: captured ? "captured" : "error",
    created_at: micros(at),
    error_code: captured ? null : "declined",
    captured_at: captured ? micros(at) : null,
    method_details: {
      card: { ...card, expiry_year: 2099, expiry_month: 12, cardholder_name: "" },
      type: "card",
      ...NOT_A_CARD,
    },
    payment_method_id: method,
    payment_attempt_id: id,
    stored_payment_method_id: method,
  } satisfies ITransactionPaymentAttemptNotificationResponse;
}

function paymentOf({ at }: TransactionSpec, amount: number, paid: boolean) {
  return {
    amount: String(amount),
    status: paid ? "captured" : "error",
    created_at: micros(at),
    error_code: paid ? null : "declined",
    captured_at: paid ? micros(at) : null,
    method_details: {
      card: { type: "visa", last4: "4242", expiry_year: 2030, expiry_month: 12, cardholder_name: "Ada Lovelace" },
      type: "card",
      ...NOT_A_CARD,
    },
    payment_method_id: "paymtd_01hv8gx98nvjqzxr4gfefqkk2x",
    payment_attempt_id: "937640dd-e3dc-40df-a16c-bb75aafd8f71",
    stored_payment_method_id: "281ff2ca-8550-42b9-bf39-15948e7de62d",
  } satisfies ITransactionPaymentAttemptNotificationResponse;
}
