/** Renewal webhooks beside an empty route, and of a user with a long history beside one with a short one. */
import http from "node:http";
import type pg from "pg";
import type { FakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import type { Client } from "./client";
import { closedLoop, HEAD, interleave, type Measured, type Rounds, ratio, row } from "./load";
import { BENCH, deliveryOf, eventfulMonth, renewal, type StripeEvent, storeHistory, subscriptionOf } from "./renewals";
import { EMPTY, post, type Route } from "./routes";
import type { Run } from "./run";
import { withConnection, withServer } from "./server";
import { printTable } from "./table";
import type { Figure } from "./targets";

export const CONNECTIONS = 64;
/** More than a machine of two cores decides: a round ends by its time, or when all renewals are delivered. */
const RENEWALS_PER_SECOND = 400;
/** Each renewal has two events. */
const RENEWALS_PER_ROUND = 4;
const EARLIER_MONTHS = 120;

interface Bench extends Rounds {
  app: Client;
  database: pg.Client;
  url: string;
}

export async function webhooksBench(run: Run, rounds: Rounds): Promise<Figure[]> {
  const figures: Figure[] = [];
  await withServer(run, async ({ createDatabase, startApp }) => {
    const url = await createDatabase("bench");
    const app = await startApp(url);
    await withConnection(url, async (database) => {
      const bench = { app, database, url, ...rounds };
      figures.push(
        {
          name: "renewal webhook, 64 connections",
          value: await differentUsers(bench),
          target: { bar: 0.35, aim: 0.5 },
        },
        {
          name: "renewal webhook, 1,200 earlier events beside 5",
          value: await longHistory(bench),
          target: { bar: 1.3, aim: 1.1, most: true },
        },
      );
    });
  });
  return figures;
}

async function differentUsers({ app, database, ...rounds }: Bench): Promise<number> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const renewals: Route = { ...EMPTY, name: "renewal webhook" };
  const results = await interleave([EMPTY, renewals], rounds, async (route, milliseconds, round) => {
    if (route === EMPTY)
      return closedLoop({ call: (turn) => post(app, agent, EMPTY, turn) }, CONNECTIONS, milliseconds);
    return renewalRound({ app, agent, milliseconds, userId: (index) => `renewed-${round + 1}-${index}` });
  });
  agent.destroy();
  await requireApplied(database);
  printTable(
    `webhooks of different users: ${CONNECTIONS} connections`,
    HEAD,
    [EMPTY, renewals].map((route) => row(route.name, results.get(route), results.get(EMPTY))),
  );
  console.log();
  return ratio(results.get(renewals), results.get(EMPTY));
}

interface RenewalRound {
  app: Client;
  agent: http.Agent;
  milliseconds: number;
  userId: (index: number) => string;
}

/** Begins new subscriptions, and then measures their renewals. */
export async function renewalRound({ app, agent, milliseconds, userId }: RenewalRound): Promise<Measured> {
  const count = Math.max(CONNECTIONS, Math.ceil((milliseconds / 1_000) * RENEWALS_PER_SECOND));
  const subscriptions = Array.from({ length: count }, (_, index) => subscriptionOf(userId(index), 1));
  await begin(subscriptions, app, agent);
  const pairs = subscriptions.map(renewal);
  const deliveries = [...pairs.map(([renewed]) => renewed), ...pairs.map(([, paid]) => paid)].map(deliveryOf);
  const call = (turn: number) => post(app, agent, deliveries[turn - 1] as Route, turn);
  return closedLoop({ call, most: deliveries.length }, CONNECTIONS, milliseconds);
}

/** Delivers the first events of the subscriptions. */
async function begin(subscriptions: readonly FakeStripeSubscription[], app: Client, agent: http.Agent): Promise<void> {
  await Promise.all(
    subscriptions.map(async (subscription) => {
      const start = subscription.created();
      const events = [start, subscription.paid("subscription_create", Number(start.created) * 1_000)];
      for (const event of events) await post(app, agent, deliveryOf(event), 0);
    }),
  );
}

/** Returns the ratio of the latencies: one delivery after another, alternating between the two users. */
async function longHistory({ app, database, url, ...rounds }: Bench): Promise<number> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const [five, many] = ["5 earlier events", "1,200 earlier events"];
  // Before all rounds: the writes of a history delay the next deliveries.
  const longs: FakeStripeSubscription[] = [];
  while (longs.length < (rounds.rounds + 1) * RENEWALS_PER_ROUND)
    longs.push(await tenYears({ app, agent, url, userId: `long-${longs.length}` }));
  const results = await interleave([five, many], rounds, async (name, _milliseconds, round) => {
    const subscriptions: FakeStripeSubscription[] = [];
    for (let user = 0; user < RENEWALS_PER_ROUND; user += 1) {
      const long = name === many ? longs.pop() : undefined;
      // Also beside a long history: the deliveries before the measured ones warm the caches of the app and of Postgres.
      const short = subscriptionOf(`${long ? "beside" : "short"}-${round + 1}-${user}`, 2);
      await begin([short], app, agent);
      const earlier = [
        ...renewal(short),
        short.paid("subscription_cycle", short.periodEnd(), "invoice.payment_succeeded"),
      ];
      for (const event of earlier) await post(app, agent, deliveryOf(event), 0);
      subscriptions.push(long ?? short);
    }
    const deliveries = subscriptions.flatMap(renewal).map(deliveryOf);
    const call = (turn: number) => post(app, agent, deliveries[turn - 1] as Route, turn);
    return closedLoop({ call, most: deliveries.length }, 1, Number.POSITIVE_INFINITY);
  });
  agent.destroy();
  await requireApplied(database);
  printTable(
    "webhooks of one user: one connection",
    HEAD,
    [five, many].map((name) => row(name, results.get(name), results.get(five))),
  );
  console.log();
  return ratio(results.get(many), results.get(five), "p50");
}

interface TenYears {
  app: Client;
  agent: http.Agent;
  url: string;
  userId: string;
}

/** The subscription of a user with ten years of events, whose next period can begin. */
async function tenYears({ app, agent, url, userId }: TenYears): Promise<FakeStripeSubscription> {
  const subscription = subscriptionOf(userId, EARLIER_MONTHS + 1);
  const earlier = [subscription.created()];
  for (let month = 0; month < EARLIER_MONTHS; month += 1) earlier.push(...eventfulMonth(subscription));
  await storeHistory(url, userId, earlier.slice(0, -1));
  // A delivery makes the links.
  await post(app, agent, deliveryOf(earlier.at(-1) as StripeEvent), 0);
  return subscription;
}

/** Fails if a delivery was answered without being applied: then the bench measured something else. */
export async function requireApplied(database: pg.Client): Promise<void> {
  const { rows } = await database.query(
    `select outcome, reason, count(*) from tollgate.webhook_events
     where id like 'evt_${BENCH}%' and outcome is distinct from 'applied' group by 1, 2`,
  );
  if (rows.length > 0) throw new Error(`Events were not applied: ${JSON.stringify(rows)}`);
}
