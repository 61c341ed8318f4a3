/** Deliveries with prices that `tollgate push` stored while this process runs. */
import { afterAll, beforeEach, expect, test } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import { provideStoredPrices } from "@/lib/config/current-catalog";
import type { StoredPrice } from "@/lib/config/stored-prices";
import { createGateway } from "@/lib/database/gateway";
import { providePriceSource } from "@/lib/processors/price-lists";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { testDatabase } from "@/tests/support/database";
import { deliver } from "@/tests/support/stripe";

const database = testDatabase();
const gateway = createGateway(database.transport());
afterAll(() => gateway.end());

const SILVER = { product: "mail", plan: "silver", interval: "monthly" } as const;
const PUSHED: StoredPrice = {
  processor: "stripe",
  mode: "test",
  ...SILVER,
  priceId: "price_pushed",
  processorProductId: "prod_1",
  amount: 2_499,
  currency: "USD",
  lookupKey: "tollgate_mail_silver_monthly",
  active: true,
};

let reads = 0;
beforeEach(() => {
  reads = 0;
  provideStoredPrices([]);
  providePriceSource(() => {
    reads += 1;
    return gateway.listProcessorPrices();
  });
});

/** The first event of a purchase of this price. */
function purchase(user: string, priceId: string) {
  const startsAt = Date.now() - 2 * DAY_MS;
  const created = fakeStripeSubscription({ id: `sub_${user}`, userId: user, price: SILVER, startsAt }).created();
  return JSON.parse(JSON.stringify(created).replaceAll("price_mail_silver_monthly", priceId));
}

const plan = async (user: string) =>
  (await gateway.usage(user)).subscriptions.find(({ product }) => product === "mail")?.plan;

test("a delivery recognizes a price that was stored after the start, also an archived one", async () => {
  expect(await gateway.saveProcessorPrices([PUSHED, { ...PUSHED, priceId: "price_old", active: false }])).toBe(2);
  expect((await deliver(gateway, purchase("pushed", "price_pushed"))).body).toMatchObject({ outcome: "applied" });
  expect((await deliver(gateway, purchase("old", "price_old"))).body).toMatchObject({ outcome: "applied" });
  expect([await plan("pushed"), await plan("old"), reads]).toEqual(["silver", "silver", 1]);
});

test("deliveries with known prices read no prices; unknown ones read them once in some seconds", async () => {
  expect((await deliver(gateway, purchase("known", "price_mail_silver_monthly"))).body).toMatchObject({
    outcome: "applied",
  });
  expect(reads).toBe(0);
  for (const user of ["unknown-1", "unknown-2"])
    expect((await deliver(gateway, purchase(user, "price_of_nobody"))).body).toMatchObject({ reason: "unknown_price" });
  expect(reads).toBe(1);
});

test("a row is changed in place, and an equal one is not counted", async () => {
  await gateway.saveProcessorPrices([PUSHED]);
  expect(await gateway.saveProcessorPrices([PUSHED])).toBe(0);
  expect(await gateway.saveProcessorPrices([{ ...PUSHED, active: false }])).toBe(1);
  const rows = await gateway.listProcessorPrices();
  expect(rows.find(({ priceId }) => priceId === "price_pushed")).toEqual({ ...PUSHED, active: false });
});
