/** The link of each transaction: a page of the product that opens Paddle's checkout. */

import { paths } from "@/lib/config/current-catalog";

/** The account's default payment link, as `docs/paddle.md` sets it. */
export function defaultPaymentLink({ site }: { site: string }): string {
  return `${site}${paths().checkout}/paddle`;
}

/** The page with the transaction's id, from which Paddle.js opens the checkout. */
export function paymentLink(page: string, transaction: string): string {
  const url = new URL(page);
  url.searchParams.set("_ptxn", transaction);
  return url.href;
}

/** The next address after the payment, as the product's page of the link chooses it. */
export function afterPayment(link: string): string {
  const { origin, searchParams } = new URL(link);
  const url = new URL(paths().billing, origin);
  const checkout = searchParams.get("checkout");
  if (checkout !== null) url.searchParams.set("checkout", checkout);
  return url.href;
}
