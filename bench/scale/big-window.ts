/** A user with millions of ledger rows in the current window beside a user with a hundred. */
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { SANDBOX } from "@/lib/core/env";
import type { FakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { type Client, signIn } from "../client";
import { closedLoop, interleave, median, type Rounds, ratio } from "../load";
import { deliveryOf } from "../renewals";
import { post } from "../routes";
import { printTable } from "../table";
import type { Figure } from "../targets";
import { FEW, MANY } from "./seed";

const TARGET = { bar: 1.5, aim: 1.1, most: true } as const;
const PATHS = ["/usage", "/billing", "/api/usage/history?field=words_used&days=30"];
const READS_PER_ROUND = 25;

interface Subscriptions {
  many: FakeStripeSubscription;
  few: FakeStripeSubscription;
}

/** Milliseconds until the answer. */
interface Timing {
  ms: number;
  failed: boolean;
}

/** The slowest of an upgrade's two events, and the slowest consume call meanwhile; a failed one counts as the slowest. */
interface Upgrade {
  webhook: Timing;
  consume: Timing;
}

export async function upgrades(app: Client, { many, few }: Subscriptions, { rounds }: Rounds): Promise<Figure[]> {
  const results = new Map<string, Upgrade[]>([
    [FEW, []],
    [MANY, []],
  ]);
  for (let round = -1; round < rounds; round += 1) {
    for (const [user, subscription] of round % 2 === 0 ? both(many, few) : both(many, few).reverse()) {
      const upgrade = await upgradeOnce(app, user, subscription);
      if (round >= 0) results.get(user)?.push(upgrade);
    }
    // Stripe's times are whole seconds.
    await sleep(1_100);
  }
  const figures: Figure[] = [];
  const rows: string[][] = [];
  for (const [part, name] of [
    ["webhook", "upgrade webhook"],
    ["consume", "worst consume beside it"],
  ] as const) {
    const of = (user: string) => (results.get(user) ?? []).map((upgrade) => upgrade[part]);
    rows.push([name, shown(of(FEW)), shown(of(MANY))]);
    figures.push({
      name: `${name}, many rows in the window beside 100`,
      value: ratioOf(of(MANY), of(FEW)),
      target: TARGET,
    });
  }
  printTable("one user's upgrade: median ms", ["", "100 rows", "many rows"], rows);
  console.log();
  return figures;
}

const both = (many: FakeStripeSubscription, few: FakeStripeSubscription): [string, FakeStripeSubscription][] => [
  [FEW, few],
  [MANY, many],
];

async function upgradeOnce(app: Client, userId: string, subscription: FakeStripeSubscription): Promise<Upgrade> {
  const agent = new http.Agent({ keepAlive: true });
  let isRunning = true;
  const consuming = consumeWhile(app, agent, userId, () => isRunning);
  await sleep(100);
  const now = Date.now();
  const webhooks: Timing[] = [];
  for (const event of [subscription.planChanged("plus", now), subscription.paid("subscription_update", now)])
    webhooks.push(await timed(() => post(app, agent, deliveryOf(event), 0)));
  isRunning = false;
  const consumes = await consuming;
  await timed(() => post(app, agent, deliveryOf(subscription.planChanged("basic", Date.now())), 0));
  agent.destroy();
  return { webhook: slowest(webhooks), consume: slowest(consumes) };
}

async function consumeWhile(app: Client, agent: http.Agent, userId: string, isRunning: () => boolean) {
  const route = {
    name: "consume",
    path: "/api/usage/consume",
    body: () => JSON.stringify({ userId, field: "words_used" }),
    headers: { authorization: `Bearer ${SANDBOX.usageApiKey}` },
    status: 200,
  };
  const times: Timing[] = [];
  while (isRunning()) times.push(await timed(() => post(app, agent, route, 0)));
  return times;
}

async function timed(work: () => Promise<void>): Promise<Timing> {
  const start = performance.now();
  const failed = await work().then(
    () => false,
    () => true,
  );
  return { ms: performance.now() - start, failed };
}

function slowest(timings: readonly Timing[]): Timing {
  const failed = timings.filter((timing) => timing.failed);
  const slower = (one: Timing, other: Timing) => (other.ms > one.ms ? other : one);
  return (failed.length > 0 ? failed : timings).reduce(slower);
}

function shown(timings: readonly Timing[]): string {
  const failed = timings.filter((timing) => timing.failed).length;
  const ms = median(timings.map((timing) => timing.ms)).toFixed(0);
  return failed === 0 ? ms : `${ms}, ${failed} of ${timings.length} failed`;
}

function ratioOf(timings: readonly Timing[], baseline: readonly Timing[]): number | null {
  if ([...timings, ...baseline].some(({ failed }) => failed)) return null;
  return median(timings.map(({ ms }, round) => ms / (baseline[round]?.ms ?? Number.NaN)));
}

/** Pages and the history, as the signed-in users read them. */
export async function reads(app: Client, { rounds, milliseconds }: Rounds): Promise<Figure[]> {
  const agent = new http.Agent({ keepAlive: true });
  const cookies = new Map<string, string>();
  for (const user of [FEW, MANY]) cookies.set(user, await signIn(app, agent, user));
  const figures: Figure[] = [];
  const rows: string[][] = [];
  for (const path of PATHS) {
    const read = async (user: string) => {
      const { status } = await app.send(agent, { method: "GET", path, headers: { cookie: cookies.get(user) ?? "" } });
      if (status !== 200) throw new Error(`${path} answered ${status}`);
    };
    const name = path.split("?")[0] ?? path;
    let value: number | null = null;
    try {
      const results = await interleave([FEW, MANY], { rounds, milliseconds: milliseconds * 4 }, (user, most) =>
        closedLoop({ call: () => read(user), most: READS_PER_ROUND }, 1, most),
      );
      const complete = [...results.values()].flat().every(({ failed }) => failed === 0);
      value = complete ? ratio(results.get(MANY), results.get(FEW), "p50") : null;
      rows.push([
        name,
        ...[FEW, MANY].map((user) => median((results.get(user) ?? []).map(({ p50 }) => p50)).toFixed(1)),
      ]);
    } catch (error) {
      rows.push([name, "", String(error)]);
    }
    figures.push({ name: `${name}, many rows in the window beside 100`, value, target: TARGET });
  }
  agent.destroy();
  printTable("reads of one user: median ms", ["", "100 rows", "many rows"], rows);
  console.log();
  return figures;
}
