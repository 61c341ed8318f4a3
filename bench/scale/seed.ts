/** All SQL of `npm run scale`: fills a database with users and ledger rows, and brings the counters in line. */
import type pg from "pg";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import { storeHistory, subscriptionFrom } from "../renewals";
import { ENDLESS_LIMIT, openPool, withConnection } from "../server";

export interface Sizes {
  users: number;
  /** Of the whole ledger. */
  rows: number;
  /** Of the user with many rows, in the current window. */
  windowRows: number;
}

/** The user with many ledger rows in the current window, and the one beside it. */
export const MANY = "scale-many";
export const FEW = "scale-few";
const FEW_ROWS = 100;

export const userId = (index: number) => `scale-${String(index).padStart(7, "0")}`;
const USER_ID = "'scale-' || lpad(n::text, 7, '0')";

/** Less than the shortest month, so that the window has not ended. */
const WINDOW_BEGAN = Date.now() - 27 * DAY_MS;
/** The rows of all other users: a third of them is in the current window. */
const FIRST_ROW = Date.now() - 60 * DAY_MS;
const FREE_WINDOW_BEGAN = Date.now() - 20 * DAY_MS;

const CHUNK_USERS = 1_000;
const CHUNK_ROWS = 250_000;
/** One for each core of a small machine. */
const WORKERS = 2;

/** @returns the subscriptions of MANY and FEW, for later events */
export async function seed(url: string, { users, rows, windowRows }: Sizes, report: (line: string) => void) {
  const many = await subscribe(url, MANY);
  const few = await subscribe(url, FEW);
  const pool = openPool(withoutFlushes(url), WORKERS);
  try {
    await inChunks(users, CHUNK_USERS, (from, to) =>
      pool.query(`select count(tollgate.get_usage(${USER_ID})) from generate_series($1::int, $2::int) n`, [from, to]),
    );
    report(`${users.toLocaleString("en-US")} users`);

    const each = Math.max(1, Math.round((rows - windowRows) / users));
    const usersOfChunk = Math.max(1, Math.floor(CHUNK_ROWS / each));
    await inChunks(users, usersOfChunk, (from, to) => pool.query(LEDGER_OF_USERS, [from, to, each, ...FREE_SPAN]));
    report(`${each} ledger rows of each`);

    for (const [user, count] of [
      [MANY, windowRows],
      [FEW, FEW_ROWS],
    ] as const)
      await inChunks(count, CHUNK_ROWS, (from, to) => pool.query(LEDGER_OF_ONE, [user, from, to, count, ...SPAN]));
    report(`${windowRows.toLocaleString("en-US")} ledger rows of one user in the current window`);

    await inChunks(users, CHUNK_USERS, (from, to) => bringFreeCountersInLine(pool, from, to));
    for (const user of [MANY, FEW]) await bringCountersInLine(pool, user);
    await sumHours(pool, MANY);
  } finally {
    await pool.end();
  }
  await withConnection(url, async (database) => {
    for (const user of [MANY, FEW])
      await database.query("select tollgate.set_limit_override($1, 'words_used', $2, null, 'scale')", [
        user,
        ENDLESS_LIMIT,
      ]);
    await database.query("vacuum (analyze)");
    await database.query("checkpoint");
  });
  report("counters, statistics");
  return { many, few };
}

/** A lost seed is seeded again. */
function withoutFlushes(url: string): string {
  const other = new URL(url);
  other.searchParams.set("options", "-c synchronous_commit=off");
  return other.href;
}

const timestamps = (from: number, to: number) => [new Date(from), new Date(to)];
const SPAN = timestamps(WINDOW_BEGAN, Date.now());
const FREE_SPAN = timestamps(FIRST_ROW, Date.now());

const LEDGER_OF_USERS = `
  insert into tollgate.usage_ledger (user_id, product, field, at, amount)
  select ${USER_ID}, 'chatbots', 'messages_count',
    $4::timestamptz + ($5::timestamptz - $4::timestamptz) * ((r + 0.5) / $3::int), 1
  from generate_series($1::int, $2::int) n
  cross join generate_series(0, $3::int - 1) r`;

const LEDGER_OF_ONE = `
  insert into tollgate.usage_ledger (user_id, product, field, at, amount)
  select $1, 'writer', 'words_used', $5::timestamptz + ($6::timestamptz - $5::timestamptz) * ((r - 0.5) / $4::int), 1
  from generate_series($2::int, $3::int) r`;

/** A paid Basic subscription of the writer, whose window has no rows yet. */
async function subscribe(url: string, user: string) {
  const subscription = subscriptionFrom(user, WINDOW_BEGAN);
  await storeHistory(url, user, [subscription.created(), subscription.paid("subscription_create", WINDOW_BEGAN)]);
  return subscription;
}

/** Sets the counter to the sum of the ledger rows in its window. */
async function bringCountersInLine(pool: pg.Pool, user: string): Promise<void> {
  await pool.query(
    `update tollgate.usage_counters c
     set used = tollgate.usage_between(c.user_id, c.field, c.window_start, c.window_end)
     where c.user_id = $1 and c.field = 'words_used'`,
    [user],
  );
}

/**
 * As bringCountersInLine, for a range of free users. Their windows begin in the past, as if the users had come then: a
 * free plan's windows are counted from the row's creation.
 */
async function bringFreeCountersInLine(pool: pg.Pool, from: number, to: number): Promise<void> {
  const range = "between 'scale-' || lpad($1::text, 7, '0') and 'scale-' || lpad($2::text, 7, '0')";
  const began = new Date(FREE_WINDOW_BEGAN);
  await pool.query(
    `update tollgate.subscriptions s
     set created_at = $3, window_start = $3, window_end = $3::timestamptz + interval '1 month',
       advance_at = $3::timestamptz + interval '1 month'
     where s.user_id ${range} and s.product = 'chatbots'`,
    [from, to, began],
  );
  await pool.query(
    `update tollgate.usage_counters c
     set window_start = $3, window_end = $3::timestamptz + interval '1 month',
       current_until = case when c.current_until = '-infinity' then c.current_until
         else $3::timestamptz + interval '1 month' end,
       used = case when c.field = 'messages_count' then coalesce((
         select sum(l.amount) from tollgate.usage_ledger l
         where l.user_id = c.user_id and l.field = c.field and l.at >= $3), 0) else c.used end
     where c.user_id ${range} and c.product = 'chatbots'`,
    [from, to, began],
  );
}

/** Sums the user's hours, as the job has done in an installation that runs. The job sums those of all others later. */
async function sumHours(pool: pg.Pool, user: string): Promise<void> {
  for (;;) {
    const { rows } = await pool.query(
      "select tollgate.begin_hour_sums(null, 10, 1, $1, 'writer') -> 'counters' as counters",
      [user],
    );
    if (rows[0].counters.length === 0) return;
    await pool.query("select tollgate.finish_hour_sums($1)", [JSON.stringify(rows[0].counters)]);
  }
}

/** Works on the chunks of 1 to `count`, WORKERS at a time. */
async function inChunks(count: number, size: number, work: (from: number, to: number) => Promise<unknown>) {
  let next = 1;
  await Promise.all(
    Array.from({ length: WORKERS }, async () => {
      while (next <= count) {
        const from = next;
        next += size;
        await work(from, Math.min(count, from + size - 1));
      }
    }),
  );
}
