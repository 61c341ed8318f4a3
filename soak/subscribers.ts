/** One subscription's history: its processor's signed events, each delivered until it is acknowledged. */
import { setTimeout as sleep } from "node:timers/promises";
import { addMonths } from "@/lib/billing/timeline/calendar";
import type { Price } from "@/lib/config/catalog";
import { sign as signPaddle } from "@/lib/sandbox/event-builders/paddle/events";
import { fakePaddleSubscription } from "@/lib/sandbox/event-builders/paddle/fake-subscription";
import { sign as signStripe } from "@/lib/sandbox/event-builders/stripe/events";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import type { Client } from "./client";
import type { ClientLog } from "./client-log";
import type { Random } from "./random";

interface Context {
  client: Client;
  clientLog: ClientLog;
  random: Random;
  userId: string;
}

interface History {
  processor: "stripe" | "paddle";
  startsAt: number;
  renewedAt: number;
  /** The events of the first and of the second period. */
  periods: [Record<string, unknown>[], Record<string, unknown>[]];
}

/**
 * From free to Basic, to Plus in the same period, and into the next one, which begins seconds from now. The events of a
 * period arrive in any order, some twice, some concurrently.
 */
export async function deliverSubscription(context: Context): Promise<void> {
  const { client, clientLog, random, userId } = context;
  const renewsAt = Math.ceil(Date.now() / 1000) * 1000 + random.whole(3, 8) * 1000;
  const subscription = `sub_${userId.replaceAll("-", "")}`;
  const price: Price = { product: "writer", plan: "basic", interval: "monthly" };
  const begin = { id: subscription, price, startsAt: addMonths(renewsAt, -1) };
  const history = random.chance(0.5) ? stripeHistory(begin, userId) : paddleHistory(begin);
  if (history.processor === "paddle") await link(client, clientLog, `ctm_${subscription.slice(4)}`, userId);

  const [first, second] = history.periods;
  await deliverAll(context, history.processor, first);
  await sleep(Math.max(0, history.renewedAt - Date.now()));
  await deliverAll(context, history.processor, second);
  const { startsAt, renewedAt } = history;
  clientLog.subscribers.push({ userId, subscription, plan: "plus", startsAt, renewedAt });
}

function stripeHistory(begin: { id: string; price: Price; startsAt: number }, userId: string): History {
  const fake = fakeStripeSubscription({ ...begin, userId });
  const { startsAt } = begin;
  const renewedAt = fake.periodEnd();
  // Before the renewal, also if months of different lengths put it into the past.
  const changesAt = Math.min(Date.now(), renewedAt) - 60_000;
  return {
    processor: "stripe",
    startsAt,
    renewedAt,
    periods: [
      [fake.created(), fake.paid("subscription_create", startsAt), fake.planChanged("plus", changesAt)],
      [
        fake.renewed(),
        fake.paid("subscription_cycle", renewedAt),
        fake.paid("subscription_cycle", renewedAt, "invoice.payment_succeeded"),
      ],
    ],
  };
}

function paddleHistory(begin: { id: string; price: Price; startsAt: number }): History {
  const fake = fakePaddleSubscription(begin);
  const { startsAt } = begin;
  const renewedAt = fake.periodEnd();
  // Before the renewal, also if months of different lengths put it into the past.
  const changesAt = Math.min(Date.now(), renewedAt) - 60_000;
  return {
    processor: "paddle",
    startsAt,
    renewedAt,
    periods: [
      [fake.created(), fake.activated(), fake.paid("web", startsAt), fake.planChanged("plus", changesAt)],
      [fake.renewed(), fake.paid("subscription_recurring", renewedAt)],
    ],
  };
}

/** Paddle's events carry no trusted user id, so an admin links the customer. */
async function link(client: Client, clientLog: ClientLog, customerId: string, userId: string): Promise<void> {
  const signedIn = await client.ask("/api/auth/local", { body: { userId: "admin" } });
  const cookie = signedIn.headers
    .getSetCookie()
    .map((each) => each.split(";")[0])
    .join("; ");
  const body = { processor: "paddle", customerId, userId };
  const { status, body: answer } = await client.ask("/api/admin/links", { body, headers: () => ({ cookie }) });
  if (status !== 200) clientLog.wrong.push(`link: ${status} ${JSON.stringify(answer)}`);
}

async function deliverAll(
  context: Context,
  processor: History["processor"],
  events: Record<string, unknown>[],
): Promise<void> {
  const { random } = context;
  const twice = events.filter(() => random.chance(0.3));
  await Promise.all(
    random.shuffle([...events, ...twice]).map(async (event) => {
      await sleep(random.whole(0, 400));
      await deliver(context, processor, event);
    }),
  );
}

const SIGNED = {
  stripe: (raw: string, seconds: number) => ({
    "stripe-signature": signStripe(raw, "whsec_tollgate_sandbox", seconds),
  }),
  paddle: (raw: string, seconds: number) => ({
    "paddle-signature": signPaddle(raw, "pdl_ntfset_tollgate_sandbox", seconds),
  }),
};

/** Repeats a delivery until it is acknowledged, as processors do; each attempt has a signature of its own time. */
async function deliver(
  { client, clientLog, userId }: Context,
  processor: History["processor"],
  event: Record<string, unknown>,
) {
  const raw = JSON.stringify(event);
  const headers = () => SIGNED[processor](raw, Math.floor(Date.now() / 1000));
  const { status, body } = await client.ask(`/api/webhook/${processor}`, { body: raw, headers });
  const id = String(processor === "stripe" ? event.id : event.event_id);
  if (status !== 200) clientLog.wrong.push(`${processor} webhook ${id}: ${status} ${JSON.stringify(body)}`);
  else clientLog.events.push({ processor, id, userId, outcome: body.outcome });
}
