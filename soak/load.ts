/**
 * The documents' two load lists on the production build: 100 users who each make ten chatbots at once, and one webhook
 * delivered a thousand times. Results are exact. Latencies are compared with an empty handler of the same server and
 * the same number of callers, since machines differ.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { median } from "@/bench/load";
import { printTable } from "@/bench/table";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import { sign } from "@/lib/sandbox/event-builders/stripe/events";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import type { Installation } from "./installation";

const USERS = Array.from({ length: 100 }, (_, index) => `load-${index}`);
const EACH = 10;
const DELIVERIES = 1_000;
/** Concurrent requests. */
const CALLERS = 64;
const SECRET = "whsec_tollgate_sandbox";

interface Answered {
  milliseconds: number;
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the caller of each route knows its answer.
  body: any;
}

type Post = (path: string, body: string, headers: Record<string, string>) => Promise<Answered>;
type Numbers = (query: string) => Promise<number[]>;
type Result = [what: string, is: number | undefined, wanted: number];

/** Runs both lists; returns whether every result was exact. */
export async function loadLists({ url, postgres, logFile }: Installation): Promise<boolean> {
  const client = new pg.Client({ connectionString: postgres.url() });
  await client.connect();
  const numbers: Numbers = async (query) =>
    ((await client.query({ text: query, rowMode: "array" })).rows[0] ?? []).map(Number);
  const post: Post = (path, body, headers) => timed(`${url}${path}`, body, headers);
  const empty = () => burst(DELIVERIES, () => post("/api/nothing", "{}", {}));
  try {
    await empty();
    const baseline = [await empty()];
    const creations = await createChatbots(url, post, numbers);
    baseline.push(await empty());
    const deliveries = await deliverRepeatedly(post, numbers);
    baseline.push(await empty());
    // The server updates its statistics with a delay.
    await sleep(1_500);
    const [deadlocks] = await numbers("select deadlocks from pg_stat_database where datname = current_database()");
    const failed = readFileSync(logFile, "utf8").match(
      /Failed to check and increment usage|Route failed|could not be decided/g,
    );

    printLatencies(baseline, { creations: creations.answers, deliveries: deliveries.answers });
    return printResults([
      ...creations.results,
      ...deliveries.results,
      ["deadlocks", deadlocks, 0],
      ["failed operations in the log", failed?.length ?? 0, 0],
    ]);
  } finally {
    await client.end();
  }
}

/** Ten chatbots at once for each user, whose plan allows one. */
async function createChatbots(url: string, post: Post, numbers: Numbers) {
  const cookies = await Promise.all(USERS.map((userId) => signIn(url, userId)));
  // In this order each user's ten requests run concurrently, beside other users'.
  const answers = await burst(USERS.length * EACH, (turn) => {
    const cookie = cookies[Math.floor(turn / EACH)] as string;
    return post("/api/chatbots", JSON.stringify({ name: `Bot ${turn % EACH}` }), { cookie });
  });
  const [stored, owners, counted] = await numbers(`
    select count(*), count(distinct user_id), (select count(*) from tollgate.usage_counters where user_id like 'load-%'
    and field = 'chatbots_count' and used = 1) from tollgate.chatbots where user_id like 'load-%'`);
  const results: Result[] = [
    ["chatbots made", count(answers, ({ status }) => status === 201), USERS.length],
    ["refused at the limit", count(answers, ({ status }) => status === 402), USERS.length * (EACH - 1)],
    ["chatbots stored", stored, USERS.length],
    ["users with a chatbot", owners, USERS.length],
    ["users whose count is 1", counted, USERS.length],
  ];
  return { answers, results };
}

/** One webhook, delivered a thousand times. */
async function deliverRepeatedly(post: Post, numbers: Numbers) {
  const price = { product: "writer", plan: "plus", interval: "monthly" } as const;
  const fake = fakeStripeSubscription({ id: "sub_load", userId: "load-webhook", price, startsAt: Date.now() - DAY_MS });
  const event = fake.created();
  const raw = JSON.stringify(event);
  const answers = await burst(DELIVERIES, () =>
    post("/api/webhook/stripe", raw, { "stripe-signature": sign(raw, SECRET, Math.floor(Date.now() / 1000)) }),
  );
  const [rows, deliveries, decisions, windows] = await numbers(`
    select (select count(*) from tollgate.webhook_events where id = '${event.id}'),
    (select deliveries from tollgate.webhook_events where id = '${event.id}'),
    (select count(*) from tollgate.decisions where event_id = '${event.id}'),
    (select count(*) from tollgate.usage_windows where user_id = 'load-webhook' and source <> 'free')`);
  const results: Result[] = [
    ["deliveries applied", count(answers, ({ body }) => body?.outcome === "applied"), 1],
    ["deliveries answered as duplicates", count(answers, ({ body }) => body?.outcome === "duplicate"), DELIVERIES - 1],
    ["rows of the event", rows, 1],
    ["deliveries counted for it", deliveries, DELIVERIES],
    ["decisions of it", decisions, 1],
    ["windows opened", windows, 1],
  ];
  return { answers, results };
}

/** Sends `total` calls in their order, from all callers at once. */
async function burst(total: number, call: (turn: number) => Promise<Answered>): Promise<Answered[]> {
  const answers: Answered[] = [];
  let next = 0;
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      while (next < total) {
        const turn = next;
        next += 1;
        answers.push(await call(turn));
      }
    }),
  );
  return answers;
}

async function timed(url: string, body: string, headers: Record<string, string>): Promise<Answered> {
  const sent = performance.now();
  const response = await fetch(url, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", ...headers },
  });
  const text = await response.text();
  return {
    milliseconds: performance.now() - sent,
    status: response.status,
    body: text === "" ? null : JSON.parse(text),
  };
}

async function signIn(url: string, userId: string): Promise<string> {
  const headers = { "content-type": "application/json" };
  const response = await fetch(`${url}/api/auth/local`, { method: "POST", headers, body: JSON.stringify({ userId }) });
  return response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");
}

function printLatencies(baseline: Answered[][], loads: { creations: Answered[]; deliveries: Answered[] }): void {
  const quantile = (answers: Answered[], share: number) => {
    const sorted = answers.map(({ milliseconds }) => milliseconds).sort((one, other) => one - other);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  };
  const base = (share: number) => median(baseline.map((answers) => quantile(answers, share)));
  const row = (name: string, at: (share: number) => number, answers: Answered[]) => [
    name,
    ...[0.5, 0.95, 0.99, 1].map((share) => at(share).toFixed(0)),
    `${(at(0.5) / base(0.5)).toFixed(1)} ×`,
    `${((100 * count(answers, ({ milliseconds }) => milliseconds < 500)) / answers.length).toFixed(1)} %`,
  ];
  const of = (name: string, answers: Answered[]) => row(name, (share) => quantile(answers, share), answers);
  printTable(
    `Latency in ms, ${CALLERS} callers at once`,
    ["", "p50", "p95", "p99", "most", "p50 ÷ baseline", "under 500 ms"],
    [
      row("empty handler (median of three)", base, baseline.flat()),
      of(`${USERS.length} users × ${EACH} chatbots`, loads.creations),
      of(`one webhook ${DELIVERIES} times`, loads.deliveries),
    ],
  );
  console.log();
}

function printResults(results: Result[]): boolean {
  printTable(
    "Results",
    ["", "is", "wanted"],
    results.map(([what, is, wanted]) => [what, String(is), String(wanted)]),
  );
  return results.every(([, is, wanted]) => is === wanted);
}

function count(answers: Answered[], wanted: (answer: Answered) => boolean): number {
  return answers.filter(wanted).length;
}
