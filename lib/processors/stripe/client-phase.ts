/** The terms of a schedule's phase as parameters: Stripe resets every term that an update of the phases omits. */
import type Stripe from "stripe";
import { withoutNulls } from "../fields";
import { idOf, type Reference } from "./reference";

type Phase = Stripe.SubscriptionSchedule.Phase;
type PhaseParams = Stripe.SubscriptionScheduleUpdateParams.Phase;
type DiscountParams = Stripe.SubscriptionScheduleUpdateParams.Phase.Discount;
type DiscountOf = Readonly<Record<"coupon" | "discount" | "promotion_code", Reference | null>>;

/** The terms of a phase beside its items and dates, without those that it does not have. */
export function termsOf(phase: Phase | undefined): Partial<PhaseParams> {
  if (phase === undefined) return {};
  const { automatic_tax: tax, invoice_settings: invoices } = phase;
  return withoutNulls({
    application_fee_percent: phase.application_fee_percent,
    automatic_tax: tax?.enabled ? { enabled: true, ...liabilityOf(tax.liability) } : null,
    billing_thresholds: thresholdsOf(phase.billing_thresholds),
    collection_method: phase.collection_method,
    default_payment_method: phase.default_payment_method && idOf(phase.default_payment_method),
    default_tax_rates: idsOf(phase.default_tax_rates),
    description: phase.description,
    discounts: discountsOf(phase.discounts),
    invoice_settings: invoices && invoiceSettingsOf(invoices),
    metadata: nonEmpty(phase.metadata),
    on_behalf_of: phase.on_behalf_of && idOf(phase.on_behalf_of),
    transfer_data: phase.transfer_data && {
      destination: idOf(phase.transfer_data.destination),
      ...withoutNulls({ amount_percent: phase.transfer_data.amount_percent }),
    },
  });
}

/** The terms of an item beside its price. */
export function itemTermsOf(
  item: Stripe.SubscriptionItem,
): Partial<Stripe.SubscriptionScheduleUpdateParams.Phase.Item> {
  const { quantity, tax_rates: rates, discounts = [], metadata } = item;
  return withoutNulls({
    quantity,
    tax_rates: idsOf(rates),
    discounts: discounts.length === 0 ? null : discounts.map((discount) => ({ discount: idOf(discount) })),
    metadata: nonEmpty(metadata),
  });
}

function liabilityOf(liability: Stripe.SubscriptionSchedule.Phase.AutomaticTax["liability"]) {
  if (!liability) return {};
  const { type, account } = liability;
  return { liability: { type, ...withoutNulls({ account: account && idOf(account) }) } };
}

function thresholdsOf(thresholds: Phase["billing_thresholds"]) {
  if (thresholds === null || thresholds === undefined) return null;
  const { amount_gte, reset_billing_cycle_anchor } = thresholds;
  return withoutNulls({ amount_gte, reset_billing_cycle_anchor });
}

function invoiceSettingsOf({ account_tax_ids: ids, days_until_due, custom_fields, description, footer }: Settings) {
  const settings = withoutNulls({ account_tax_ids: idsOf(ids), days_until_due, custom_fields, description, footer });
  return Object.keys(settings).length === 0 ? null : settings;
}
type Settings = NonNullable<Phase["invoice_settings"]>;

/** Names the running discount if there is one, so that a coupon of three months does not begin again. */
function discountsOf(discounts: readonly DiscountOf[] | null | undefined): DiscountParams[] | null {
  if (!discounts?.length) return null;
  return discounts.flatMap(({ discount, promotion_code, coupon }): DiscountParams[] => {
    if (discount !== null) return [{ discount: idOf(discount) }];
    if (promotion_code !== null) return [{ promotion_code: idOf(promotion_code) }];
    return coupon === null ? [] : [{ coupon: idOf(coupon) }];
  });
}

function idsOf(references: readonly Reference[] | null | undefined): string[] | null {
  return references?.length ? references.map((reference) => idOf(reference)) : null;
}

function nonEmpty(metadata: Stripe.Metadata | null | undefined): Stripe.Metadata | null {
  return metadata && Object.keys(metadata).length > 0 ? metadata : null;
}
