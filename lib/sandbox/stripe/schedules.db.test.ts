import type Stripe from "stripe";
import { describe, expect, test } from "vitest";
import { stripePayer } from "@/tests/support/stripe-payer";

const { stripe, sandbox, payer, delivered, types, subscribe, mail } = stripePayer();

describe("a schedule", () => {
  const phases = (subscription: Stripe.Subscription, price: string) => {
    const [item] = subscription.items.data as [Stripe.SubscriptionItem];
    return [
      {
        items: [{ price: item.price.id, quantity: 1 }],
        start_date: item.current_period_start,
        end_date: item.current_period_end,
        proration_behavior: "none" as const,
      },
      {
        items: [{ price, quantity: 1 }],
        duration: { interval: "month" as const, interval_count: 1 },
        proration_behavior: "none" as const,
      },
    ];
  };

  test("changes the plan with the renewal, then is released", async () => {
    const { id } = await subscribe("titanium");
    const schedule = await stripe.subscriptionSchedules.create({ from_subscription: id });
    const subscription = await stripe.subscriptions.retrieve(id);
    expect(subscription.schedule).toBe(schedule.id);
    await stripe.subscriptionSchedules.update(schedule.id, {
      end_behavior: "release",
      phases: phases(subscription, "price_mail_bronze_monthly"),
    });
    const refused = stripe.subscriptions.update(id, { cancel_at_period_end: true });
    await expect(refused).rejects.toMatchObject({ param: "cancel_at_period_end" });
    await sandbox.idle();
    expect(await mail()).toMatchObject({ plan: "titanium" });
    delivered.length = 0;
    await sandbox.moveClock(payer.id, { by: "period" });
    expect(types()[0]).toBe("customer.subscription.updated");
    expect(await mail()).toMatchObject({ plan: "bronze", status: "active" });
    expect((await stripe.invoices.list({ customer: subscription.customer as string, limit: 1 })).data[0]?.total).toBe(
      999,
    );
    await sandbox.moveClock(payer.id, { by: "period" });
    expect((await stripe.subscriptions.retrieve(id)).schedule).toBeNull();
    expect((await stripe.subscriptionSchedules.retrieve(schedule.id)).status).toBe("released");
    expect(await mail()).toMatchObject({ plan: "bronze" });
  });

  test("changes nothing after its release", async () => {
    const { id } = await subscribe("titanium");
    const { id: schedule } = await stripe.subscriptionSchedules.create({ from_subscription: id });
    const subscription = await stripe.subscriptions.retrieve(id);
    await stripe.subscriptionSchedules.update(schedule, { phases: phases(subscription, "price_mail_bronze_monthly") });
    expect((await stripe.subscriptionSchedules.release(schedule)).status).toBe("released");
    await sandbox.moveClock(payer.id, { by: "period" });
    expect(await mail()).toMatchObject({ plan: "titanium" });
  });
});
