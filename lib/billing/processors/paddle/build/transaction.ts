import type { Instant } from "@/lib/billing/facts";
import { micros, type PaddleObject, type PriceSpec, period, priceEntities } from "./price";

/** One line of a transaction to build; the amount in US cents. */
export interface LineSpec {
  price: PriceSpec;
  amount: number;
  quantity?: number;
  /** The part of the period that is charged. */
  proration?: { rate: string; start: Instant; end: Instant };
}

/** A transaction to build; instants in milliseconds, amounts in US cents. */
export interface TransactionSpec {
  id: string;
  customer: string;
  /** null before Paddle has made it from the first payment. */
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
  discount?: number;
  /** What came from the customer's credit or from an adjustment. */
  credit?: number;
  creditToBalance?: number;
  customData?: Record<string, string> | null;
}

/** A transaction as Paddle sends it; paid in full, by card, where its status says so. */
export function transactionEntity(spec: TransactionSpec): PaddleObject {
  const subtotal = spec.lines.reduce((sum, { amount }) => sum + amount, 0);
  const total = subtotal - (spec.discount ?? 0);
  const grandTotal = Math.max(0, total - (spec.credit ?? 0));
  const paid = spec.status === "paid" || spec.status === "completed";
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
        tax: "0",
        total: String(total),
        credit: String(spec.credit ?? 0),
        balance: String(paid ? 0 : grandTotal),
        discount: String(spec.discount ?? 0),
        earnings: paid ? String(Math.max(0, grandTotal - 150)) : null,
        subtotal: String(subtotal),
        grand_total: String(grandTotal),
        currency_code: "USD",
        grand_total_tax: "0",
        credit_to_balance: String(spec.creditToBalance ?? 0),
      },
      line_items: spec.lines.map((line, index) => lineItem(line, `${spec.id}_${index}`)),
      payout_totals: null,
      tax_rates_used: [],
      adjusted_totals: null,
    },
    checkout: { url: null },
    payments: grandTotal > 0 ? [paymentOf(spec, grandTotal, paid)] : [],
    billed_at: micros(spec.at),
    address_id: "add_01hv8gq3318ktkfengj2r75gfx",
    created_at: micros(spec.at),
    invoice_id: paid ? `inv_${spec.id.slice(4)}` : null,
    revised_at: null,
    updated_at: micros(spec.at),
    business_id: null,
    custom_data: spec.customData ?? null,
    customer_id: spec.customer,
    discount_id: null,
    receipt_data: null,
    currency_code: "USD",
    billing_period: spec.period === null ? null : period(spec.period.start, spec.period.end),
    invoice_number: paid ? "325-10566" : null,
    billing_details: null,
    collection_mode: "automatic",
    subscription_id: spec.subscription,
  };
}

function lineItem({ price, amount, quantity = 1, proration }: LineSpec, id: string): PaddleObject {
  const totals = { tax: "0", total: String(amount), discount: "0", subtotal: String(amount) };
  return {
    id: `txnitm_${id.slice(4)}`,
    totals,
    product: priceEntities(price).product,
    price_id: price.id,
    quantity,
    tax_rate: "0",
    unit_totals: totals,
    proration: proration ? prorationOf(proration) : null,
  };
}

function prorationOf({ rate, start, end }: NonNullable<LineSpec["proration"]>): PaddleObject {
  return { rate, billing_period: period(start, end) };
}

function paymentOf({ at }: TransactionSpec, amount: number, paid: boolean): PaddleObject {
  return {
    amount: String(amount),
    status: paid ? "captured" : "error",
    created_at: micros(at),
    error_code: paid ? null : "declined",
    captured_at: paid ? micros(at) : null,
    method_details: {
      card: { type: "visa", last4: "4242", expiry_year: 2030, expiry_month: 12, cardholder_name: "Ada Lovelace" },
      type: "card",
    },
    payment_method_id: "paymtd_01hv8gx98nvjqzxr4gfefqkk2x",
    payment_attempt_id: "937640dd-e3dc-40df-a16c-bb75aafd8f71",
    stored_payment_method_id: "281ff2ca-8550-42b9-bf39-15948e7de62d",
  };
}
