/** The taxes and discounts of a checkout, as parameters of its session. */
import Stripe from "stripe";
import type { Sales } from "@/lib/config/catalog";
import { ProcessorError } from "../processor-client";

type SessionParams = Stripe.Checkout.SessionCreateParams;

export interface Sale {
  sales: Sales;
  customer: string | null;
  code: string | undefined;
}

/**
 * Opens the session with the sale's terms.
 * @throws ProcessorError `invalid_code` if Stripe does not know the code, or refuses it for this sale
 */
export async function openSession(
  stripe: Stripe,
  params: SessionParams,
  sale: Sale,
  options: Stripe.RequestOptions,
): Promise<Stripe.Checkout.Session> {
  const { code } = sale;
  const terms = { ...params, ...taxTerms(sale), ...(await discountTerms(stripe, sale)) };
  if (code === undefined) return stripe.checkout.sessions.create(terms, options);
  try {
    return await stripe.checkout.sessions.create(terms, options);
  } catch (error) {
    if (isAboutCode(error)) throw invalidCode("Stripe refused it for this sale", error.code ?? error.type);
    throw error;
  }
}

/** Stripe accepts a code or lets customers enter one, never both. */
async function discountTerms(stripe: Stripe, { sales, code }: Sale): Promise<Partial<SessionParams>> {
  if (code === undefined) return sales.promotionCodes ? { allow_promotion_codes: true } : {};
  const { data } = await stripe.promotionCodes.list({ code, active: true, limit: 1 });
  const [found] = data;
  if (found === undefined) throw invalidCode("there is no active code of this name", "promotion_code_unknown");
  return { discounts: [{ promotion_code: found.id }] };
}

/** An existing customer gets the address and business name of the checkout: Stripe refuses the session otherwise. */
function taxTerms({ sales, customer }: Sale): Partial<SessionParams> {
  const { automaticTax, taxIds } = sales;
  const update = { ...(automaticTax && { address: "auto" as const }), ...(taxIds && { name: "auto" as const }) };
  return {
    ...(automaticTax && { automatic_tax: { enabled: true } }),
    ...(taxIds && { tax_id_collection: { enabled: true } }),
    ...(customer !== null && (automaticTax || taxIds) && { customer_update: update }),
  };
}

function isAboutCode(error: unknown): error is InstanceType<typeof Stripe.errors.StripeInvalidRequestError> {
  if (!(error instanceof Stripe.errors.StripeInvalidRequestError)) return false;
  return (error.param?.startsWith("discounts") ?? false) || /promotion code|coupon/i.test(error.message);
}

function invalidCode(why: string, code: string): ProcessorError {
  return new ProcessorError(`The promotion code cannot be applied: ${why}.`, "invalid_code", code);
}
