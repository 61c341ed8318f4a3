/**
 * Mixed traffic, as products and processors make it: charges, give-backs, reservations, chatbots made and deleted, accounts
 * erased during consumption, and subscriptions told by Stripe's and Paddle's signed events, late, twice and in any order.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { CounterField } from "@/lib/billing/catalog";
import type { Client } from "./client";
import type { Told, ToldCharge } from "./client-log";
import { erasures } from "./erasures";
import type { Random } from "./random";
import { tellSubscription } from "./subscribers";

const USAGE_KEY = { authorization: "Bearer sandbox-usage-key" };
/** On free: 100 messages each, soon at their limit, where what is given back is fought for. */
const FREE = Array.from({ length: 5 }, (_, index) => `soak-free-${index}`);
const BUILDERS = Array.from({ length: 4 }, (_, index) => `soak-builder-${index}`);

interface Worker {
  client: Client;
  told: Told;
  random: Random;
  /** Subscribers that can be charged, the latest last. */
  subscribers: string[];
  /** Whether new work may begin. */
  goesOn: () => boolean;
}

const WORKERS: readonly [name: string, count: number, work: (worker: Worker, name: string) => Promise<void>][] = [
  ["charge", 10, charges],
  ["give back", 3, giveBacks],
  ["reserve", 3, reservations],
  ["build", 4, chatbots],
  ["subscribe", 3, subscriptions],
  ["erase", 2, erasures],
];

/** Starts all of it; done when everything that was begun after `end` has its answer. */
export function startTraffic(client: Client, told: Told, random: Random): { end: () => Promise<void> } {
  let ended = false;
  const shared = { client, told, subscribers: [] as string[], goesOn: () => !ended };
  const running = WORKERS.flatMap(([kind, count, work]) =>
    Array.from({ length: count }, (_, index) => {
      const name = `${kind} ${index}`;
      return work({ ...shared, random: random.fork(name) }, name);
    }),
  );
  const all = Promise.all(running);
  // Told at the end; a worker that broke must not end the process while faults are undone.
  all.catch(() => {});
  return {
    end: async () => {
      ended = true;
      await all;
    },
  };
}

async function charges({ client, told, random, subscribers, goesOn }: Worker, name: string): Promise<void> {
  for (let turn = 0; goesOn(); turn += 1) {
    const [userId, field, amount] = chargeOf(random, subscribers);
    const key = `${name}/${turn}`;
    const body = { userId, field, amount, idempotencyKey: key };
    const { status, body: verdict } = await client.ask("/api/usage/consume", { body, headers: () => USAGE_KEY });
    if (status !== 200) told.wrong.push(`consume: ${status} ${JSON.stringify(verdict)}`);
    else {
      if (verdict.used > verdict.limit && verdict.allowed)
        told.wrong.push(`allowed over the limit: ${JSON.stringify(verdict)}`);
      told.charges.push({ userId, field, amount, key, allowed: verdict.allowed, givenBack: 0 });
    }
    await sleep(random.whole(0, 30));
  }
}

function chargeOf(random: Random, subscribers: readonly string[]): [string, CounterField, number] {
  const latest = subscribers.slice(-4);
  return latest.length === 0 || random.chance(0.5)
    ? [random.pick(FREE), "messages_count", random.whole(1, 3)]
    : [random.pick(latest), "words_used", random.whole(50, 900)];
}

/** Failed work: a charge is given back, in part or whole, once or twice. */
async function giveBacks({ client, told, random, goesOn }: Worker, name: string): Promise<void> {
  for (let turn = 0; goesOn(); turn += 1) {
    const allowed = told.charges.slice(-300).filter((charge) => charge.allowed && charge.givenBack === 0);
    if (allowed.length > 0) {
      const charge: ToldCharge = random.pick(allowed);
      const { userId, field, key } = charge;
      const body = {
        userId,
        field,
        amount: random.whole(1, charge.amount),
        of: key,
        idempotencyKey: `${name}/${turn}`,
      };
      const { status, body: answer } = await client.ask("/api/usage/release", { body, headers: () => USAGE_KEY });
      if (status !== 200) told.wrong.push(`release of an acknowledged charge: ${status} ${JSON.stringify(answer)}`);
      else charge.givenBack += answer.givenBack;
    }
    await sleep(random.whole(20, 120));
  }
}

async function reservations({ client, told, random, subscribers, goesOn }: Worker, name: string): Promise<void> {
  for (let turn = 0; goesOn(); turn += 1) {
    const [userId, field, amount] = chargeOf(random, subscribers);
    const abandoned = random.chance(0.2);
    const reserving = { userId, field, amount, ttlSeconds: abandoned ? 2 : 3_600, idempotencyKey: `${name}/${turn}` };
    const held = await client.ask("/api/usage/reserve", { body: reserving, headers: () => USAGE_KEY });
    const id: string | null = held.body.reservationId;
    if (held.status !== 200) told.wrong.push(`reserve: ${held.status} ${JSON.stringify(held.body)}`);
    else if (id !== null && abandoned) told.reservations.push({ userId, field, id, settled: null });
    else if (id !== null) {
      await sleep(random.whole(0, 200));
      const body = { userId, reservationId: id, amount: random.whole(0, amount + 2) };
      const answer = await client.ask("/api/usage/settle", { body, headers: () => USAGE_KEY });
      if (answer.status !== 200) told.wrong.push(`settle: ${answer.status} ${JSON.stringify(answer.body)}`);
      else told.reservations.push({ userId, field, id, settled: answer.body.settled });
    }
    await sleep(random.whole(20, 120));
  }
}

/** A person who makes chatbots and deletes them. Making one has no key: an answer that is lost leaves it unknown. */
async function chatbots({ client, told, random, goesOn }: Worker, name: string): Promise<void> {
  const userId = random.pick(BUILDERS.filter((_, index) => name.endsWith(String(index))));
  const signedIn = await client.ask("/api/auth/local", { body: { userId } });
  const cookie = {
    cookie: signedIn.headers
      .getSetCookie()
      .map((each) => each.split(";")[0])
      .join("; "),
  };
  for (let turn = 0; goesOn(); turn += 1) {
    const mine = told.chatbots.filter((each) => each.userId === userId && each.state === "made");
    const victim = mine.length > 0 && random.chance(0.5) ? random.pick(mine) : null;
    if (victim) {
      const { status, repeats } = await client.ask(`/api/chatbots/${victim.id}`, {
        method: "DELETE",
        headers: () => cookie,
      });
      // Gone already is an answer only to who asked before.
      if (status === 204 || (status === 404 && repeats > 0)) victim.state = "deleted";
      else told.wrong.push(`delete of an acknowledged chatbot: ${status}`);
    } else {
      const bot = { userId, name: `${name}/${turn}`, state: "unknown" as const, id: null };
      const answer = await client.attempt("/api/chatbots", { body: { name: bot.name }, headers: cookie });
      const state = answer === null ? "unknown" : answer.status === 201 ? "made" : "refused";
      if (answer && answer.status !== 201 && answer.status !== 402) told.wrong.push(`create chatbot: ${answer.status}`);
      told.chatbots.push({ ...bot, state, id: answer?.body.chatbot?.id ?? null });
    }
    await sleep(random.whole(20, 150));
  }
}

async function subscriptions({ client, told, random, subscribers, goesOn }: Worker, name: string): Promise<void> {
  for (let turn = 0; goesOn(); turn += 1) {
    const userId = `soak-${name.replace(" ", "-")}-${turn}`;
    subscribers.push(userId);
    await tellSubscription({ client, told, random, userId });
  }
}
