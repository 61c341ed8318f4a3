/**
 * Mixed traffic of products and processors: charges, releases, reservations, chatbots made and deleted, accounts erased
 * during consumption, and subscriptions. Stripe's and Paddle's signed events arrive late, twice and in any order.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { FieldId } from "@/lib/config/catalog";
import type { Client } from "./client";
import type { ClientLog, LoggedCharge } from "./client-log";
import { erasures } from "./erasures";
import type { Random } from "./random";
import { deliverSubscription } from "./subscribers";

const USAGE_KEY = { authorization: "Bearer sandbox-usage-key" };
/** On free, with 100 messages each: soon at their limit, so that released units are used again. */
const FREE = Array.from({ length: 5 }, (_, index) => `soak-free-${index}`);
const BUILDERS = Array.from({ length: 4 }, (_, index) => `soak-builder-${index}`);

interface Worker {
  client: Client;
  clientLog: ClientLog;
  random: Random;
  /** Subscribers that can be charged, the latest last. */
  subscribers: string[];
  /** Whether new work may start. */
  isRunning: () => boolean;
}

const WORKERS: readonly [name: string, count: number, work: (worker: Worker, name: string) => Promise<void>][] = [
  ["charge", 10, charges],
  ["give back", 3, giveBacks],
  ["reserve", 3, reservations],
  ["build", 4, chatbots],
  ["subscribe", 3, subscriptions],
  ["erase", 2, erasures],
];

/** Starts all workers; `end` resolves when every started request has its answer. */
export function startTraffic(client: Client, clientLog: ClientLog, random: Random): { end: () => Promise<void> } {
  let ended = false;
  const shared = { client, clientLog, subscribers: [] as string[], isRunning: () => !ended };
  const running = WORKERS.flatMap(([kind, count, work]) =>
    Array.from({ length: count }, (_, index) => {
      const name = `${kind} ${index}`;
      return work({ ...shared, random: random.fork(name) }, name);
    }),
  );
  const all = Promise.all(running);
  // Reported at the end: a failed worker must not end the process before faults are repaired.
  all.catch(() => {});
  return {
    end: async () => {
      ended = true;
      await all;
    },
  };
}

async function charges({ client, clientLog, random, subscribers, isRunning }: Worker, name: string): Promise<void> {
  for (let turn = 0; isRunning(); turn += 1) {
    const [userId, field, amount] = chargeOf(random, subscribers);
    const key = `${name}/${turn}`;
    const body = { userId, field, amount, idempotencyKey: key };
    const { status, body: verdict } = await client.ask("/api/usage/consume", { body, headers: () => USAGE_KEY });
    if (status !== 200) clientLog.wrong.push(`consume: ${status} ${JSON.stringify(verdict)}`);
    else {
      if (verdict.used > verdict.limit && verdict.allowed)
        clientLog.wrong.push(`allowed over the limit: ${JSON.stringify(verdict)}`);
      clientLog.charges.push({ userId, field, amount, key, allowed: verdict.allowed, givenBack: 0 });
    }
    await sleep(random.whole(0, 30));
  }
}

function chargeOf(random: Random, subscribers: readonly string[]): [string, FieldId, number] {
  const latest = subscribers.slice(-4);
  return latest.length === 0 || random.chance(0.5)
    ? [random.pick(FREE), "messages_count", random.whole(1, 3)]
    : [random.pick(latest), "words_used", random.whole(50, 900)];
}

/** Failed work: a charge is released, in part or whole, once or twice. */
async function giveBacks({ client, clientLog, random, isRunning }: Worker, name: string): Promise<void> {
  for (let turn = 0; isRunning(); turn += 1) {
    const allowed = clientLog.charges.slice(-300).filter((charge) => charge.allowed && charge.givenBack === 0);
    if (allowed.length > 0) {
      const charge: LoggedCharge = random.pick(allowed);
      const { userId, field, key } = charge;
      const body = {
        userId,
        field,
        amount: random.whole(1, charge.amount),
        of: key,
        idempotencyKey: `${name}/${turn}`,
      };
      const { status, body: answer } = await client.ask("/api/usage/release", { body, headers: () => USAGE_KEY });
      if (status !== 200)
        clientLog.wrong.push(`release of an acknowledged charge: ${status} ${JSON.stringify(answer)}`);
      else charge.givenBack += answer.givenBack;
    }
    await sleep(random.whole(20, 120));
  }
}

async function reservations(
  { client, clientLog, random, subscribers, isRunning }: Worker,
  name: string,
): Promise<void> {
  for (let turn = 0; isRunning(); turn += 1) {
    const [userId, field, amount] = chargeOf(random, subscribers);
    const abandoned = random.chance(0.2);
    const reserving = { userId, field, amount, ttlSeconds: abandoned ? 2 : 3_600, idempotencyKey: `${name}/${turn}` };
    const reserved = await client.ask("/api/usage/reserve", { body: reserving, headers: () => USAGE_KEY });
    const id: string | null = reserved.body.reservationId;
    if (reserved.status !== 200) clientLog.wrong.push(`reserve: ${reserved.status} ${JSON.stringify(reserved.body)}`);
    else if (id !== null && abandoned) clientLog.reservations.push({ userId, field, id, settled: null });
    else if (id !== null) {
      await sleep(random.whole(0, 200));
      const body = { userId, reservationId: id, amount: random.whole(0, amount + 2) };
      const answer = await client.ask("/api/usage/settle", { body, headers: () => USAGE_KEY });
      if (answer.status !== 200) clientLog.wrong.push(`settle: ${answer.status} ${JSON.stringify(answer.body)}`);
      else clientLog.reservations.push({ userId, field, id, settled: answer.body.settled });
    }
    await sleep(random.whole(20, 120));
  }
}

/** A user who makes chatbots and deletes them. Creation has no key, so a lost answer leaves its result unknown. */
async function chatbots({ client, clientLog, random, isRunning }: Worker, name: string): Promise<void> {
  const userId = random.pick(BUILDERS.filter((_, index) => name.endsWith(String(index))));
  const signedIn = await client.ask("/api/auth/local", { body: { userId } });
  const cookie = {
    cookie: signedIn.headers
      .getSetCookie()
      .map((each) => each.split(";")[0])
      .join("; "),
  };
  for (let turn = 0; isRunning(); turn += 1) {
    const mine = clientLog.chatbots.filter((each) => each.userId === userId && each.state === "made");
    const victim = mine.length > 0 && random.chance(0.5) ? random.pick(mine) : null;
    if (victim) {
      const { status, repeats } = await client.ask(`/api/chatbots/${victim.id}`, {
        method: "DELETE",
        headers: () => cookie,
      });
      // 404 is valid only for a repeated request.
      if (status === 204 || (status === 404 && repeats > 0)) victim.state = "deleted";
      else clientLog.wrong.push(`delete of an acknowledged chatbot: ${status}`);
    } else {
      const bot = { userId, name: `${name}/${turn}`, state: "unknown" as const, id: null };
      const answer = await client.attempt("/api/chatbots", { body: { name: bot.name }, headers: cookie });
      const state = answer === null ? "unknown" : answer.status === 201 ? "made" : "refused";
      if (answer && answer.status !== 201 && answer.status !== 402)
        clientLog.wrong.push(`create chatbot: ${answer.status}`);
      clientLog.chatbots.push({ ...bot, state, id: answer?.body.chatbot?.id ?? null });
    }
    await sleep(random.whole(20, 150));
  }
}

async function subscriptions(
  { client, clientLog, random, subscribers, isRunning }: Worker,
  name: string,
): Promise<void> {
  for (let turn = 0; isRunning(); turn += 1) {
    const userId = `soak-${name.replace(" ", "-")}-${turn}`;
    subscribers.push(userId);
    await deliverSubscription({ client, clientLog, random, userId });
  }
}
