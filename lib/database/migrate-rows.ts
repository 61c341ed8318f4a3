/**
 * Changes the rows of all users after a migration, while the gate runs. Each page is one transaction, which also stores the
 * position: a run that is killed is continued by the next one, and two runs share the pages.
 */
import type pg from "pg";

/** Runs work in a transaction under the lock of migrations. */
export type InTransaction = <T>(client: pg.Client, work: () => Promise<T>) => Promise<T>;

/** So few that no user waits long for the rows of the page. */
const USERS_PER_PAGE = 200;
const REPORT_MS = 10_000;
/** Longer than any walk: a finished one does not begin again. */
const NEVER_SECONDS = 1_000_000_000;

/** @param report gets a line every ten seconds of a long walk */
export async function updateRows(
  client: pg.Client,
  inTransaction: InTransaction,
  report: (line: string) => void,
): Promise<void> {
  const progress = every(REPORT_MS, report);
  await refreshLimits(client, inTransaction, progress);
  await convertSubscriptions(client, inTransaction, progress);
}

/** Gives all users the changed limits of the catalog. Postgres stores the position. */
async function refreshLimits(client: pg.Client, inTransaction: InTransaction, progress: (line: string) => void) {
  for (;;) {
    const page = await inTransaction(client, () =>
      call<{ product: string; after: string | null } | null>(client, "refresh_limits($1)", [USERS_PER_PAGE]),
    );
    if (page === null) return;
    if (page.after !== null) progress(`Limits of ${page.product}: changed up to the user ${page.after}`);
  }
}

interface StoredWalk {
  due: boolean;
  walk: number;
  pages: number;
  position: string | null;
  totals: { rows?: number };
}

/** Moves the counters that release 0.1.0 stored in subscriptions. */
async function convertSubscriptions(client: pg.Client, inTransaction: InTransaction, progress: (line: string) => void) {
  const begin = (everySeconds: number) =>
    call<StoredWalk>(client, "begin_walk('migrate', 'subscriptions', $1)", [everySeconds]);
  const page = async () => {
    const walk = await begin(NEVER_SECONDS);
    if (!walk.due) return null;
    const { next, rows } = await call<{ next: string | null; rows: number }>(client, "convert_subscriptions($1, $2)", [
      walk.position ?? "",
      USERS_PER_PAGE,
    ]);
    const total = (walk.totals.rows ?? 0) + rows;
    const position = next === null ? null : JSON.stringify(next);
    const values = [walk.walk, walk.pages, position, JSON.stringify({ rows: total })];
    await call(client, "store_position('migrate', 'subscriptions', $1, $2, $3::jsonb, $4::jsonb)", values);
    return { next, total };
  };
  await inTransaction(client, () => begin(0));
  for (;;) {
    const done = await inTransaction(client, page);
    if (done === null || done.next === null) return;
    progress(`Counters of release 0.1.0: ${done.total} rows moved, up to the user ${done.next}`);
  }
}

async function call<Result>(client: pg.Client, name: string, values: readonly unknown[]): Promise<Result> {
  const { rows } = await client.query<{ result: Result }>(`select tollgate.${name} as result`, [...values]);
  return rows[0]?.result as Result;
}

/** Passes on at most one line per interval, and none before the first one ends. */
function every(milliseconds: number, report: (line: string) => void): (line: string) => void {
  let last = performance.now();
  return (line) => {
    if (performance.now() - last < milliseconds) return;
    last = performance.now();
    report(line);
  };
}
