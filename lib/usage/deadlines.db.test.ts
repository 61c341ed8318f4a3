/** The database's deadlines of the gate: a call that is too late changes nothing. */
import { expect, test } from "vitest";
import { meteredDatabase } from "@/tests/support/metered";

const { database, gateway, query, meter, ledger } = meteredDatabase({ deadlines: "shipped" });

test("a call on a locked row gets 55P03, and is not counted afterwards", async () => {
  await gateway.consume("locked", "stamps_used", 1);
  const client = await database.pool().connect();
  await client.query("begin");
  await client.query("select from usage_counters where user_id = 'locked' for update");
  const answers = await Promise.all(
    Array.from({ length: 3 }, () => gateway.consume("locked", "stamps_used", 7).catch((error) => error)),
  );
  await client.query("rollback");
  client.release();
  expect(answers.map(({ problem, code }) => ({ problem, code }))).toEqual(
    Array(3).fill({ problem: "unavailable", code: "55P03" }),
  );
  expect(await ledger("locked", "stamps_used")).toBe(1);
  expect(await meter("locked", "stamps_used")).toMatchObject({ used: 1 });
});

const CHARGES = [{ call: 0, user_id: "slow", field: "stamps_used", amount: 7, key: null }];

test.each([
  ["consume_batch", "select tollgate.consume_batch('{slow}', '{stamps_used}', '{7}', '{7}', '{0}', null)", []],
  ["consume_sequential", "select tollgate.consume_sequential($1)", [JSON.stringify(CHARGES)]],
])("%s undoes its charges in a statement that took too long", async (_, call, values) => {
  await gateway.consume("slow", "stamps_used", 1);
  const before = await ledger("slow", "stamps_used");
  await expect(query(`${call} from (select pg_sleep(1.5)) as s`, values)).rejects.toMatchObject({ code: "57014" });
  expect(await ledger("slow", "stamps_used")).toBe(before);
  expect(await meter("slow", "stamps_used")).toMatchObject({ used: before });
});
