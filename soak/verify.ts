/**
 * The independent check: compares the tables with the clients' answers. It calls none of the functions that did the
 * work, except the two that look for drift.
 */
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { rebuildAll } from "@/lib/webhooks/rebuild";
import config from "@/tollgate.config";
import type { ClientLog } from "./client-log";
import { verifyErasures } from "./erasures";
import type { Finding } from "./finding";

type Query = <Row>(text: string) => Promise<Row[]>;

/** The retry job decides events within this time in milliseconds. */
const RETRIED_MS = 900_000;

export async function verify(url: string, clientLog: ClientLog): Promise<Finding[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const gateway = createGateway(postgresTransport(url));
  const query: Query = async (text) => (await client.query(text)).rows;
  try {
    await untilDecided(query);
    return [
      {
        what: "answers that no client should get",
        checked: sum(clientLog.answers.values()),
        violations: clientLog.wrong,
      },
      await charges(clientLog, query),
      await reservations(clientLog, query),
      await totals(clientLog, query),
      await limits(clientLog, query),
      await chatbots(clientLog, query),
      await verifyErasures(clientLog, query),
      await events(clientLog, query),
      await subscribers(clientLog, query),
      await drift(gateway),
      await rebuilt(gateway),
    ];
  } finally {
    await Promise.all([client.end(), gateway.end()]);
  }
}

/** The app retries undecided events itself; the check of events reports those that stay undecided. */
async function untilDecided(query: Query): Promise<void> {
  const begun = Date.now();
  while (Date.now() - begun < RETRIED_MS) {
    const [left] = await query<{ count: number }>(
      "select count(*)::int as count from tollgate.webhook_events where outcome is null",
    );
    if (left?.count === 0) return;
    await sleep(500);
  }
}

type Gateway = ReturnType<typeof createGateway>;

/** The ledger has each allowed key once with its amount, less the released part, and no other key. */
async function charges(clientLog: ClientLog, query: Query): Promise<Finding> {
  const rows = await query<{ user_id: string; key: string; times: number; charged: number; given_back: number }>(`
    select user_id, idempotency_key as key, count(*) filter (where amount > 0)::int as times,
      coalesce(sum(amount) filter (where amount > 0), 0)::int as charged,
      coalesce(-sum(amount) filter (where amount < 0), 0)::int as given_back
    from tollgate.usage_ledger where user_id like 'soak-%' and idempotency_key is not null group by 1, 2`);
  const stored = new Map(rows.map((row) => [`${row.user_id}|${row.key}`, row]));
  const violations: string[] = [];
  for (const { userId, key, amount, allowed, givenBack } of clientLog.charges) {
    const row = stored.get(`${userId}|${key}`);
    stored.delete(`${userId}|${key}`);
    const wanted = allowed ? `1 × ${amount} − ${givenBack}` : "nothing";
    const is = row ? `${row.times} × ${row.charged / row.times} − ${row.given_back}` : "nothing";
    if (is !== wanted) violations.push(`${userId} ${key}: answered ${wanted}, stored ${is}`);
  }
  for (const key of stored.keys()) violations.push(`${key}: stored, and no client got an answer`);
  return { what: "charges and give-backs: none lost, none twice", checked: clientLog.charges.length, violations };
}

async function reservations(clientLog: ClientLog, query: Query): Promise<Finding> {
  const rows = await query<{ id: string; state: string; settled: number | null }>(`
    select reservation_id as id, state, (verdict ->> 'settled')::int as settled
    from tollgate.reservations where user_id like 'soak-%'`);
  const stored = new Map(rows.map((row) => [row.id, row]));
  const violations = clientLog.reservations.flatMap(({ id, settled }) => {
    const row = stored.get(id);
    if (!row) return [`${id}: acknowledged and missing`];
    return settled === row.settled ? [] : [`${id}: answered ${settled}, stored ${row.settled} (${row.state})`];
  });
  return { what: "reservations: settled as answered, once", checked: clientLog.reservations.length, violations };
}

/** The sum of a user's answers is the sum of the user's ledger rows. */
async function totals(clientLog: ClientLog, query: Query): Promise<Finding> {
  const wanted = new Map<string, number>();
  const add = (userId: string, field: string, amount: number) =>
    wanted.set(`${userId} ${field}`, (wanted.get(`${userId} ${field}`) ?? 0) + amount);
  for (const { userId, field, amount, allowed, givenBack } of clientLog.charges)
    if (allowed) add(userId, field, amount - givenBack);
  for (const { userId, field, settled } of clientLog.reservations) add(userId, field, settled ?? 0);
  const rows = await query<{ name: string; sum: number }>(`
    select user_id || ' ' || field as name, sum(amount)::int as sum
    from tollgate.usage_ledger where user_id like 'soak-%' group by 1`);
  const stored = new Map(rows.map(({ name, sum }) => [name, sum]));
  const names = new Set([...wanted.keys(), ...stored.keys()]);
  const violations = [...names].flatMap((name) => {
    const [one, other] = [wanted.get(name) ?? 0, stored.get(name) ?? 0];
    return one === other ? [] : [`${name}: answered ${one}, stored ${other}`];
  });
  return { what: "totals of each user and field", checked: names.size, violations };
}

/** Per period, by the ledger's own instants, against the highest plan announced in it. */
async function limits(clientLog: ClientLog, query: Query): Promise<Finding> {
  const messages = config.products.chatbots.plans.free.limits.messages_count;
  const words = config.products.writer.plans.plus.limits.words_used;
  const free = await query<{ user_id: string; used: number; counted: number }>(`
    select l.user_id, sum(l.amount)::int as used, max(c.used)::int as counted
    from tollgate.usage_ledger l join tollgate.usage_counters c using (user_id, field)
    where l.user_id like 'soak-free-%' and l.field = 'messages_count' group by 1`);
  const violations = free.flatMap(({ user_id, used, counted }) => [
    ...(used > messages ? [`${user_id}: ${used} of ${messages} messages`] : []),
    ...(used !== counted ? [`${user_id}: ${used} in the ledger, ${counted} counted`] : []),
  ]);
  const periods = new Map(clientLog.subscribers.map((each) => [each.userId, each]));
  const rows = await query<{ user_id: string; at: Date; amount: number }>(`
    select user_id, at, amount::int from tollgate.usage_ledger
    where user_id like 'soak-subscribe-%' and field = 'words_used'`);
  const used = new Map<string, number>();
  for (const { user_id, at, amount } of rows) {
    const renewedAt = periods.get(user_id)?.renewedAt ?? Number.POSITIVE_INFINITY;
    const period = `${user_id}, ${at.getTime() < renewedAt ? "first" : "second"} period`;
    used.set(period, (used.get(period) ?? 0) + amount);
  }
  for (const [period, sum] of used) if (sum > words) violations.push(`${period}: ${sum} of ${words} words`);
  return { what: "limits: none exceeded in any period", checked: free.length + used.size, violations };
}

/** A created chatbot exists once, a deleted one does not, and a lost answer left one or none. */
async function chatbots(clientLog: ClientLog, query: Query): Promise<Finding> {
  const rows = await query<{ id: string; name: string; user_id: string }>(
    "select id, name, user_id from tollgate.chatbots where user_id like 'soak-%'",
  );
  const violations: string[] = [];
  const named = new Map<string, typeof rows>();
  for (const row of rows) {
    const name = `${row.user_id}|${row.name}`;
    named.set(name, [...(named.get(name) ?? []), row]);
  }
  for (const { userId, name, state, id } of clientLog.chatbots) {
    const there = named.get(`${userId}|${name}`) ?? [];
    named.delete(`${userId}|${name}`);
    const least = state === "made" ? 1 : 0;
    const most = state === "made" || state === "unknown" ? 1 : 0;
    if (there.length < least || there.length > most)
      violations.push(`${userId} ${name}: ${state}, ${there.length} stored`);
    if (state === "made" && there[0]?.id !== id) violations.push(`${userId} ${name}: another id`);
  }
  for (const name of named.keys()) violations.push(`${name}: stored, and no client asked for it`);
  const counts = await query<{ user_id: string; things: number; counted: number; allowed: number }>(`
    select g.user_id, (select count(*)::int from tollgate.chatbots c where c.user_id = g.user_id) as things,
      g.used::int as counted, g.limit_amount::int as allowed
    from tollgate.usage_counters g where g.field = 'chatbots_count' and g.user_id like 'soak-builder-%'`);
  for (const { user_id, things, counted, allowed } of counts)
    if (things !== counted || things > allowed)
      violations.push(`${user_id}: ${things} chatbots, ${counted} counted, ${allowed} allowed`);
  return {
    what: "chatbots: each stored once, the gauge equals their number",
    checked: clientLog.chatbots.length,
    violations,
  };
}

async function events(clientLog: ClientLog, query: Query): Promise<Finding> {
  const rows = await query<{ event: string; outcome: string | null }>(
    "select processor || ' ' || id as event, outcome from tollgate.webhook_events",
  );
  const stored = new Map(rows.map(({ event, outcome }) => [event, outcome]));
  const violations = clientLog.events.flatMap(({ processor, id, outcome }) => {
    const is = stored.get(`${processor} ${id}`);
    if (is === undefined) return [`${processor} ${id}: acknowledged (${outcome}) and missing`];
    return is === "applied" || is === "ignored" ? [] : [`${processor} ${id}: ${is}, answered ${outcome}`];
  });
  return { what: "events: acknowledged, stored and decided", checked: clientLog.events.length, violations };
}

/** The plan of the last event, and each period's start opened once. */
async function subscribers(clientLog: ClientLog, query: Query): Promise<Finding> {
  const rows = await query<{ user_id: string; plan: string; starts: Date }>(`
    select user_id, plan, current_period_start as starts from tollgate.subscriptions
    where product = 'writer' and user_id like 'soak-subscribe-%'`);
  const windows = await query<{ user_id: string; starts: string[] }>(`
    select user_id, array_agg(extract(epoch from window_start)::bigint * 1000 order by window_start)::text[] as starts
    from tollgate.usage_windows where product = 'writer' and source <> 'free' and user_id like 'soak-subscribe-%'
    group by 1`);
  const stored = new Map(rows.map((row) => [row.user_id, row]));
  const opened = new Map(windows.map((row) => [row.user_id, row.starts.join(" ")]));
  const violations = clientLog.subscribers.flatMap(({ userId, plan, startsAt, renewedAt }) => {
    const row = stored.get(userId);
    const begun = [startsAt, renewedAt].map((at) => Math.floor(at / 1000) * 1000).join(" ");
    return [
      ...(row?.plan === plan ? [] : [`${userId}: sent ${plan}, is ${row?.plan}`]),
      ...(row?.starts?.getTime() === renewedAt ? [] : [`${userId}: its period starts ${row?.starts?.toISOString()}`]),
      ...(opened.get(userId) === begun ? [] : [`${userId}: windows opened at ${opened.get(userId)}, not ${begun}`]),
    ];
  });
  return {
    what: "subscriptions: the plan as sent, each period opened once",
    checked: clientLog.subscribers.length,
    violations,
  };
}

async function drift(gateway: Gateway): Promise<Finding> {
  const violations: string[] = [];
  let checked = 0;
  for (let after: string | null = ""; after !== null; ) {
    const page = await gateway.findUsageDrift(after);
    checked += page.checked;
    violations.push(...page.drifts.map((each) => JSON.stringify(each)));
    after = page.next;
  }
  return { what: "find_usage_drift: counters agree with the ledger", checked, violations };
}

async function rebuilt(gateway: Gateway): Promise<Finding> {
  const violations: string[] = [];
  let checked = 0;
  for await (const { userId, product, differences } of rebuildAll(gateway, { repair: false })) {
    checked += 1;
    for (const { part } of differences) violations.push(`${userId} ${product}: ${part} differs from its facts`);
  }
  return { what: "db:rebuild: stored timelines agree with their facts", checked, violations };
}

function sum(numbers: Iterable<number>): number {
  return [...numbers].reduce((one, other) => one + other, 0);
}
