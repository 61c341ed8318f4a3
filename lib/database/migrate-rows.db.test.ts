/** Walks over all users after a migration: limits of a changed catalog, and counters of release 0.1.0. */
import "@/tests/support/reference-installation";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { testDatabase } from "@/tests/support/database";
import config from "@/tollgate.config";
import { EVERY_PART, migrate } from "./migrate";
import { updateRows } from "./migrate-rows";

const database = testDatabase();
const USERS = 450;
let client: pg.Client;

beforeAll(async () => {
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const query = (text: string) => database.pool().query(text);
  await query(`insert into users (user_id) select 'old-' || to_char(n, 'FM0000') from generate_series(1, ${USERS}) n`);
  await query("select ensure_subscription(user_id, 'writer') from users");
});
afterAll(() => client?.end());

/** Rows as release 0.1.0 wrote them. */
async function makeOld(): Promise<void> {
  await database.pool().query(
    `update subscriptions s set usage = '{"words_used": 7}', limits = '{"words_used": 500}';
     delete from usage_counters;`,
  );
}
const moved = async () =>
  (
    await database.pool().query<{ old: number; moved: number }>(
      `select (select count(*)::int from subscriptions where usage is not null) as old,
         (select count(*)::int from usage_counters where used = 7) as moved`,
    )
  ).rows[0];

const inTransaction = async <T>(of: pg.Client, work: () => Promise<T>): Promise<T> => {
  await of.query("begin");
  const result = await work();
  await of.query("commit");
  return result;
};

describe("counters of release 0.1.0", () => {
  test("are all moved, also if a run is killed and another one continues", async () => {
    await makeOld();
    let transactions = 0;
    const killed = updateRows(
      client,
      async (of, work) => {
        transactions += 1;
        // The reads of limits and of the walk, one page, and then the kill.
        if (transactions > 3) throw new Error("killed");
        return inTransaction(of, work);
      },
      () => {},
    );
    await expect(killed).rejects.toThrow("killed");
    expect(await moved()).toEqual({ old: USERS - 200, moved: 200 });
    const walk = await database.pool().query("select pages::int, position from job_positions where job = 'migrate'");
    expect(walk.rows).toEqual([{ pages: 1, position: "old-0200" }]);

    await migrate(database.url, config, EVERY_PART);
    expect(await moved()).toEqual({ old: 0, moved: USERS });
    const ended = await database.pool().query("select position, totals from job_positions where job = 'migrate'");
    expect(ended.rows).toEqual([{ position: null, totals: { rows: USERS } }]);
  });

  test("are moved once by concurrent runs", async () => {
    await makeOld();
    await Promise.all([1, 2, 3].map(() => migrate(database.url, config, EVERY_PART)));
    expect(await moved()).toEqual({ old: 0, moved: USERS });
  });
});

test("a changed limit reaches all users, also if a run is killed", async () => {
  const stale = async () =>
    (
      await database
        .pool()
        .query(
          "select count(*)::int as n from usage_counters where field = 'words_used' and current_until = '-infinity'",
        )
    ).rows[0].n;
  const current = "update usage_counters set current_until = now() + interval '1 hour' where field = 'words_used'";
  await database.pool().query(current);
  await database.pool().query("insert into limit_refreshes (product) values ('writer')");
  let pages = 0;
  const killed = updateRows(
    client,
    async (of, work) => {
      pages += 1;
      if (pages > 1) throw new Error("killed");
      return inTransaction(of, work);
    },
    () => {},
  );
  await expect(killed).rejects.toThrow("killed");
  expect(await stale()).toBe(200);
  await database.pool().query(current);
  await migrate(database.url, config, EVERY_PART);
  // Only those that the killed run had not reached.
  expect(await stale()).toBe(USERS - 200);
  expect((await database.pool().query("select from limit_refreshes")).rowCount).toBe(0);
});
