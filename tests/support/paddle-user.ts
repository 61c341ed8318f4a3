/** A database for the file, and one user per test with a subscription at Paddle, whose events the test delivers. */
import { afterAll, beforeEach } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import type { ProductId } from "@/lib/config/catalog";
import { createGateway } from "@/lib/database/gateway";
import type { PaddleObject } from "@/lib/sandbox/event-builders/paddle/events";
import {
  type FakePaddleSubscriptionSpec,
  fakePaddleSubscription,
} from "@/lib/sandbox/event-builders/paddle/fake-subscription";
import { testDatabase } from "./database";
import { deliverPaddle } from "./paddle";

const mail = { product: "mail", plan: "silver", interval: "monthly" } as const;

export function paddleUser() {
  const database = testDatabase();
  const gateway = createGateway(database.transport());
  afterAll(() => gateway.end());

  let users = 0;
  const current = { userId: "" };
  beforeEach(() => {
    users += 1;
    current.userId = `paddle-${users}`;
  });

  /** A subscription from a checkout that our server opened for the user. */
  async function play(spec: Partial<FakePaddleSubscriptionSpec> = {}, user = current.userId) {
    const fake = fakePaddleSubscription({
      id: `sub_${user}`,
      price: mail,
      startsAt: Date.now() - 20 * DAY_MS,
      ...spec,
    });
    await gateway.linkTransaction("paddle", fake.transaction, user);
    return fake;
  }

  const clock = (at: number) => gateway.setSandboxClock(current.userId, at);

  async function send(event: PaddleObject) {
    return (await deliverPaddle(gateway, event)).body;
  }

  async function subscription(product: ProductId = "mail", user = current.userId) {
    const view = (await gateway.usage(user)).subscriptions.find((entry) => entry.product === product);
    if (!view) throw new Error(`${user} has no ${product}`);
    return view;
  }

  async function counted(product: ProductId = "mail", user = current.userId) {
    const [meter] = (await subscription(product, user)).meters;
    return [meter?.used, meter?.limit];
  }

  async function stored(event: PaddleObject) {
    const { rows } = await database
      .pool()
      .query("select outcome, reason, user_id, hint_user_id, deliveries from webhook_events where id = $1", [
        event.event_id,
      ]);
    return rows[0];
  }

  return { database, gateway, current, play, clock, send, subscription, counted, stored };
}
