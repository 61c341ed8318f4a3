/** The discounts in previews of invoices. */
import { expect, test } from "vitest";
import { addMonths, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { stripeAccount } from "@/tests/support/stripe-account";

const { stripe, sandbox, payer, subscribe } = stripeAccount("foreseen");

async function subscribeWith(name: string) {
  const { data } = await stripe.promotionCodes.list({ code: name, active: true, limit: 1 });
  const { id } = await subscribe("4242", { discounts: [{ promotion_code: data[0]?.id as string }] });
  return id;
}
const recurring = (id: string, discounts?: "" | { discount: string }[]) =>
  stripe.invoices.createPreview({
    subscription: id,
    preview_mode: "recurring",
    ...(discounts !== undefined && { discounts }),
  });

test("a preview omits a discount that ends before the invoice's date", async () => {
  const start = Date.now();
  const id = await subscribeWith("HALF3");
  expect(await recurring(id)).toMatchObject({ total: 999 });
  for (const month of [1, 2]) await sandbox.moveClock(payer.id, { to: addMonths(start, month) + 2 * HOUR_MS });
  expect(await recurring(id)).toMatchObject({ total: 1_999 });
  expect(await stripe.invoices.createPreview({ subscription: id })).toMatchObject({ total: 1_999 });
  expect((await stripe.subscriptions.retrieve(id)).discounts).toHaveLength(1);
});

test("a preview applies the discounts that the request names", async () => {
  const id = await subscribeWith("SPRING");
  const [discount] = (await stripe.subscriptions.retrieve(id)).discounts;
  expect(await recurring(id, "")).toMatchObject({ total: 1_999 });
  expect(await recurring(id, [{ discount: discount as string }])).toMatchObject({ total: 1_599 });
  await expect(recurring(id, [{ discount: "di_other" }])).rejects.toMatchObject({ code: "resource_missing" });
  expect((await stripe.subscriptions.retrieve(id)).discounts).toEqual([discount]);
});
