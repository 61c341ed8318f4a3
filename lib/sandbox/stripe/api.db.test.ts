import Stripe from "stripe";
import { describe, expect, test } from "vitest";
import { HOUR_MS } from "@/lib/billing/timeline/calendar";
import { stripePayer } from "@/tests/support/stripe-payer";

const { stripe, hosted, sandbox, payer, openCheckout, subscribe } = stripePayer();

describe("the API", () => {
  test("answers unknown parameters, objects, prices and paths by Stripe's errors", async () => {
    const { id } = await subscribe();
    await expect(stripe.subscriptions.retrieve("sub_nobody")).rejects.toMatchObject({
      statusCode: 404,
      code: "resource_missing",
      param: "id",
    });
    const unknown = stripe.subscriptions.update(id, { cancel_at_period_ends: true } as never);
    await expect(unknown).rejects.toMatchObject({ code: "parameter_unknown", param: "cancel_at_period_ends" });
    const nested = stripe.checkout.sessions.create({
      mode: "subscription",
      line_items: [{ prize: "x" } as never],
      success_url: "http://localhost/",
    });
    await expect(nested).rejects.toMatchObject({ param: "line_items[0][prize]" });
    await expect(
      stripe.checkout.sessions.create({ mode: "subscription", success_url: "http://localhost/" }),
    ).rejects.toMatchObject({
      code: "parameter_missing",
      param: "line_items",
    });
    await expect(openCheckout({ line_items: [{ price: "price_nobody", quantity: 1 }] })).rejects.toMatchObject({
      code: "resource_missing",
      param: "line_items[0][price]",
    });
    await expect(stripe.coupons.list()).rejects.toMatchObject({ statusCode: 404 });
    await expect(stripe.subscriptions.retrieve(id, { expand: ["items.nothing"] })).rejects.toMatchObject({
      param: "expand",
    });
  });

  test("refuses a live key and another API version", async () => {
    const live = new Stripe("sk_live_oops", { httpClient: stripe.getApiField("httpClient"), maxNetworkRetries: 0 });
    await expect(live.customers.retrieve("cus_1")).rejects.toBeInstanceOf(Stripe.errors.StripeAuthenticationError);
    await expect(stripe.customers.create({}, { apiVersion: "2023-10-16" })).rejects.toThrow("2026-10-28.endive only");
  });

  test("gives one answer per idempotency key, and refuses the key for another request", async () => {
    const once = { idempotencyKey: `once-${payer.id}` };
    const [one, other] = await Promise.all([0, 1].map(() => stripe.customers.create({ name: "One" }, once)));
    expect(other?.id).toBe(one?.id);
    await expect(stripe.customers.create({ name: "Two" }, once)).rejects.toBeInstanceOf(
      Stripe.errors.StripeIdempotencyError,
    );
  });

  test("Case P7: stores a refusal under an idempotency key for a day, except for a wrong parameter", async () => {
    const { id, customer } = await subscribe("silver", "monthly", "0341");
    const item = (await stripe.subscriptions.retrieve(id)).items.data[0]?.id as string;
    const once = { idempotencyKey: `refused-${payer.id}` };
    const upgrade = (more: object = {}) =>
      stripe.subscriptions.update(
        id,
        {
          items: [{ id: item, price: "price_mail_titanium_monthly" }],
          proration_behavior: "always_invoice",
          payment_behavior: "error_if_incomplete",
          ...more,
        },
        once,
      );
    await expect(upgrade({ nonsense: 1 })).rejects.toMatchObject({ code: "parameter_unknown" });
    await expect(upgrade({ items: [{ quantity: 1 }] })).rejects.toMatchObject({ code: "parameter_missing" });
    await expect(upgrade()).rejects.toMatchObject({ code: "card_declined" });
    const { id: portal } = await stripe.billingPortal.sessions.create({ customer: customer.id });
    await hosted.changeCard(sandbox, portal, { card: "4242", email: null, name: null, confirmed: false });
    await expect(upgrade()).rejects.toMatchObject({ code: "card_declined" });
    await sandbox.moveClock(payer.id, { to: Date.now() + 25 * HOUR_MS });
    expect((await upgrade()).items.data[0]?.price.id).toBe("price_mail_titanium_monthly");
  });

  test("has the catalog's prices and products", async () => {
    expect((await stripe.prices.list({ limit: 100 })).data).toHaveLength(12);
    // Stripe's default.
    expect(await stripe.prices.list()).toMatchObject({ data: { length: 10 }, has_more: true });
    expect(await stripe.prices.retrieve("price_mail_silver_yearly")).toMatchObject({
      unit_amount: 19_990,
      recurring: { interval: "year" },
    });
    expect((await stripe.products.list()).data.map(({ name }) => name)).toContain("Mail Silver");
    await expect(stripe.prices.retrieve("price_x")).rejects.toMatchObject({ code: "resource_missing" });
  });

  test("lists events as they were sent, newest first", async () => {
    const { id } = await subscribe();
    await stripe.subscriptions.cancel(id);
    const { data } = await stripe.events.list({ limit: 3 });
    expect(data[0]).toMatchObject({ type: "customer.subscription.deleted", data: { object: { id } } });
    expect(await stripe.events.retrieve(data[1]?.id as string)).toEqual(data[1]);
    const after = await stripe.events.list({ starting_after: data[0]?.id as string, limit: 1 });
    expect(after.data[0]?.id).toBe(data[1]?.id);
  });
});
