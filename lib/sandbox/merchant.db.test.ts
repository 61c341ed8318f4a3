/** Our own account at the fake processors is as strict as the real ones. */
import type Stripe from "stripe";
import { afterAll, describe, expect, test } from "vitest";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { testDatabase } from "@/tests/support/database";
import { createMerchant } from "@/tests/support/merchant";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());
const { dashboard } = createMerchant(() => gateway);
const { stripe } = dashboard;

const untyped = <T>(params: object) => params as T;

describe("Stripe", () => {
  const price = { currency: "usd", unit_amount: 500, recurring: { interval: "month" } } as const;

  test("refuses unknown parameters, and changes of an amount", async () => {
    const params = untyped<Stripe.ProductCreateParams>({ name: "One", title: "One" });
    await expect(stripe.products.create(params)).rejects.toMatchObject({ code: "parameter_unknown", param: "title" });
    const product = await stripe.products.create({ id: "prod_one", name: "One" });
    const made = await stripe.prices.create({ ...price, product: product.id });
    const change = untyped<Stripe.PriceUpdateParams>({ unit_amount: 600 });
    await expect(stripe.prices.update(made.id, change)).rejects.toMatchObject({ param: "unit_amount" });
  });

  test("refuses a second product of one id, and a price of a product that does not exist", async () => {
    await stripe.products.create({ id: "prod_two", name: "Two" });
    await expect(stripe.products.create({ id: "prod_two", name: "Two" })).rejects.toMatchObject({
      code: "resource_already_exists",
    });
    await expect(stripe.prices.create({ ...price, product: "prod_none" })).rejects.toMatchObject({
      code: "resource_missing",
      param: "product",
    });
  });

  test("moves a lookup key only with transfer_lookup_key", async () => {
    const { id: product } = await stripe.products.create({ name: "Three" });
    const first = await stripe.prices.create({ ...price, product, lookup_key: "three" });
    const again = { ...price, product, lookup_key: "three" };
    await expect(stripe.prices.create(again)).rejects.toThrow(/already uses that lookup key/);
    const second = await stripe.prices.create({ ...again, transfer_lookup_key: true });
    expect((await stripe.prices.retrieve(first.id)).lookup_key).toBeNull();
    expect((await stripe.prices.list({ lookup_keys: ["three"] })).data).toMatchObject([{ id: second.id }]);
  });

  test("an idempotency key gives the first answer, and refuses other parameters", async () => {
    const { id: product } = await stripe.products.create({ name: "Four" });
    const options = { idempotencyKey: "four" };
    const first = await stripe.prices.create({ ...price, product }, options);
    expect((await stripe.prices.create({ ...price, product }, options)).id).toBe(first.id);
    const other = stripe.prices.create({ ...price, product, unit_amount: 1 }, options);
    await expect(other).rejects.toMatchObject({ rawType: "idempotency_error" });
  });

  test("shows the secret of an endpoint once, and refuses addresses that are not public", async () => {
    const events = { enabled_events: ["charge.failed" as const] };
    const local = stripe.webhookEndpoints.create({ ...events, url: "http://localhost:3000/hook" });
    await expect(local).rejects.toMatchObject({ param: "url" });
    const { secret } = await stripe.webhookEndpoints.create({ ...events, url: "https://app.example.com/hook" });
    expect(secret).toMatch(/^whsec_/);
    const { data } = await stripe.webhookEndpoints.list();
    expect(data).toMatchObject([{ url: "https://app.example.com/hook" }]);
    expect(data[0]).not.toHaveProperty("secret");
  });
});

describe("Paddle", () => {
  const product = { name: "One", taxCategory: "standard" } as const;
  const price = { description: "Monthly", unitPrice: { amount: "500", currencyCode: "USD" } } as const;

  test("refuses unknown fields, wrong event types and other categories", async () => {
    const paddle = dashboard.paddle();
    const invalid = { code: "invalid_field" };
    await expect(paddle.products.create(untyped({ ...product, title: "x" }))).rejects.toMatchObject(invalid);
    await expect(paddle.products.create(untyped({ ...product, taxCategory: "none" }))).rejects.toMatchObject(invalid);
    const setting = { description: "d", destination: "https://app.example.com", type: "url" } as const;
    const wrong = untyped<Parameters<typeof paddle.notificationSettings.create>[0]>({
      ...setting,
      subscribedEvents: ["subscription.gone"],
    });
    await expect(paddle.notificationSettings.create(wrong)).rejects.toMatchObject(invalid);
    const local = { ...setting, destination: "http://localhost", subscribedEvents: ["report.created" as const] };
    await expect(paddle.notificationSettings.create(local)).rejects.toMatchObject(invalid);
  });

  test("refuses a price of an archived or unknown product, and lists active ones by default", async () => {
    const paddle = dashboard.paddle();
    const { id: productId } = await paddle.products.create(product);
    const { id } = await paddle.prices.create({ ...price, productId });
    await paddle.prices.update(id, { status: "archived" });
    expect(await paddle.prices.list({ productId: [productId] }).next()).toEqual([]);
    expect(await paddle.prices.list({ productId: [productId], status: ["archived"] }).next()).toMatchObject([{ id }]);
    await paddle.products.update(productId, { status: "archived" });
    await expect(paddle.prices.create({ ...price, productId })).rejects.toMatchObject({ code: "product_is_archived" });
    await expect(paddle.prices.create({ ...price, productId: "pro_none" })).rejects.toMatchObject({
      code: "invalid_field",
    });
  });

  test("returns the secret of a destination when it is read", async () => {
    const paddle = dashboard.paddle();
    const destination = { description: "d", destination: "https://app.example.com", type: "url" } as const;
    const made = await paddle.notificationSettings.create({ ...destination, subscribedEvents: ["report.created"] });
    expect((await paddle.notificationSettings.get(made.id)).endpointSecretKey).toBe(made.endpointSecretKey);
  });
});
