/** One subscription's story, told by its processor's signed events until each was acknowledged. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Price } from "@/lib/billing/catalog";
import { addMonths } from "@/lib/billing/period";
import { sign as signPaddle } from "@/lib/billing/processors/paddle/events";
import { playPaddleSubscription } from "@/lib/billing/processors/paddle/played";
import { sign as signStripe } from "@/lib/billing/processors/stripe/events";
import { playSubscription } from "@/lib/billing/processors/stripe/played";
import type { Client } from "./client";
import type { Told } from "./client-log";
import type { Random } from "./random";

interface Telling {
  client: Client;
  told: Told;
  random: Random;
  userId: string;
}

interface Story {
  processor: "stripe" | "paddle";
  startsAt: number;
  renewedAt: number;
  /** What happens in the first period, and what tells of the second. */
  chapters: [Record<string, unknown>[], Record<string, unknown>[]];
}

/**
 * From free to Basic, to Plus in the same period, and into the next one, which begins seconds from now. A chapter's
 * events come in any order, some twice, some at once.
 */
export async function tellSubscription(telling: Telling): Promise<void> {
  const { client, told, random, userId } = telling;
  const renewsAt = Math.ceil(Date.now() / 1000) * 1000 + random.whole(3, 8) * 1000;
  const subscription = `sub_${userId.replaceAll("-", "")}`;
  const price: Price = { product: "writer", plan: "basic", interval: "monthly" };
  const begin = { id: subscription, price, startsAt: addMonths(renewsAt, -1) };
  const story = random.chance(0.5) ? stripeStory(begin, userId) : paddleStory(begin);
  if (story.processor === "paddle") await link(client, told, `ctm_${subscription.slice(4)}`, userId);

  const [first, second] = story.chapters;
  await deliverAll(telling, story.processor, first);
  await sleep(Math.max(0, story.renewedAt - Date.now()));
  await deliverAll(telling, story.processor, second);
  const { startsAt, renewedAt } = story;
  told.subscribers.push({ userId, subscription, plan: "plus", startsAt, renewedAt });
}

function stripeStory(begin: { id: string; price: Price; startsAt: number }, userId: string): Story {
  const played = playSubscription({ ...begin, userId });
  const { startsAt } = begin;
  const renewedAt = played.periodEnd();
  // Before the renewal, also where months of different lengths put that into the past.
  const changesAt = Math.min(Date.now(), renewedAt) - 60_000;
  return {
    processor: "stripe",
    startsAt,
    renewedAt,
    chapters: [
      [played.created(), played.paid("subscription_create", startsAt), played.planChanged("plus", changesAt)],
      [
        played.renewed(),
        played.paid("subscription_cycle", renewedAt),
        played.paid("subscription_cycle", renewedAt, "invoice.payment_succeeded"),
      ],
    ],
  };
}

function paddleStory(begin: { id: string; price: Price; startsAt: number }): Story {
  const played = playPaddleSubscription(begin);
  const { startsAt } = begin;
  const renewedAt = played.periodEnd();
  // Before the renewal, also where months of different lengths put that into the past.
  const changesAt = Math.min(Date.now(), renewedAt) - 60_000;
  return {
    processor: "paddle",
    startsAt,
    renewedAt,
    chapters: [
      [played.created(), played.activated(), played.paid("web", startsAt), played.planChanged("plus", changesAt)],
      [played.renewed(), played.paid("subscription_recurring", renewedAt)],
    ],
  };
}

/** Paddle's events do not say whose they are in words that can be believed: an admin does. */
async function link(client: Client, told: Told, customerId: string, userId: string): Promise<void> {
  const signedIn = await client.ask("/api/auth/local", { body: { userId: "admin" } });
  const cookie = signedIn.headers
    .getSetCookie()
    .map((each) => each.split(";")[0])
    .join("; ");
  const body = { processor: "paddle", customerId, userId };
  const { status, body: answer } = await client.ask("/api/admin/links", { body, headers: () => ({ cookie }) });
  if (status !== 200) told.wrong.push(`link: ${status} ${JSON.stringify(answer)}`);
}

async function deliverAll(
  telling: Telling,
  processor: Story["processor"],
  events: Record<string, unknown>[],
): Promise<void> {
  const { random } = telling;
  const twice = events.filter(() => random.chance(0.3));
  await Promise.all(
    random.shuffle([...events, ...twice]).map(async (event) => {
      await sleep(random.whole(0, 400));
      await deliver(telling, processor, event);
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

/** Until it is acknowledged, as processors do; each attempt with a signature of its own time. */
async function deliver(
  { client, told, userId }: Telling,
  processor: Story["processor"],
  event: Record<string, unknown>,
) {
  const raw = JSON.stringify(event);
  const headers = () => SIGNED[processor](raw, Math.floor(Date.now() / 1000));
  const { status, body } = await client.ask(`/api/webhook/${processor}`, { body: raw, headers });
  const id = String(processor === "stripe" ? event.id : event.event_id);
  if (status !== 200) told.wrong.push(`${processor} webhook ${id}: ${status} ${JSON.stringify(body)}`);
  else told.events.push({ processor, id, userId, outcome: body.outcome });
}
