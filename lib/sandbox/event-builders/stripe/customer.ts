import type Stripe from "stripe";
import { stripeCurrency } from "../currency";
import { addressOf } from "./invoice";
import type { WireFormat } from "./wire-format";

/** The input for a customer; `created` in seconds since 1970. */
export interface CustomerSpec {
  id: string;
  created: number;
  metadata?: Record<string, string>;
  email?: string | null;
  name?: string | null;
  /** In US cents; negative is a credit. */
  balance?: number;
  /** The country of the address, if it is known. */
  country?: string | null;
  defaultPaymentMethod?: string | null;
  delinquent?: boolean;
  invoicePrefix?: string;
  nextInvoiceSequence?: number;
  livemode?: boolean;
}

/** A customer as Stripe sends it, the same in every shape. */
export function customerObject(spec: CustomerSpec) {
  return {
    id: spec.id,
    object: "customer",
    address: addressOf(spec.country),
    balance: spec.balance ?? 0,
    created: spec.created,
    currency: stripeCurrency(),
    default_source: null,
    delinquent: spec.delinquent ?? false,
    description: null,
    discount: null,
    email: spec.email === undefined ? "ada@example.com" : spec.email,
    invoice_prefix: spec.invoicePrefix ?? "ADA00001",
    invoice_settings: {
      custom_fields: null,
      default_payment_method:
        spec.defaultPaymentMethod === undefined ? "pm_1TollgateCardVisa4242" : spec.defaultPaymentMethod,
      footer: null,
      rendering_options: null,
    },
    livemode: spec.livemode ?? false,
    metadata: spec.metadata ?? {},
    name: spec.name === undefined ? "Ada Lovelace" : spec.name,
    next_invoice_sequence: spec.nextInvoiceSequence ?? 2,
    phone: null,
    preferred_locales: ["en-US"],
    shipping: null,
    tax_exempt: "none",
    test_clock: null,
  } satisfies WireFormat<Stripe.Customer>;
}
