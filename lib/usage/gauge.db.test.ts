/** Gauges that the owner of the things sets or adds to: limits, keys, races, and the owner's own transaction. */
import { beforeEach, describe, expect, test } from "vitest";
import type { GaugeName } from "@/lib/config/register";
import { DatabaseError } from "@/lib/database";
import { meteredDatabase } from "@/tests/support/metered";
import { times } from "@/tests/support/times";
import { createGauge } from "./gauge";

const metered = meteredDatabase();
const { database, gateway, query } = metered;
const gauge = createGauge(() => gateway);
const FIELD = "bays_count";

let users = 0;
let userId = "";
beforeEach(() => {
  users += 1;
  userId = `user-${users}`;
});

const meter = () => metered.meter(userId, FIELD);
const subscribe = (plan: string) => metered.subscribe(userId, { plan, product: "depot" });
const codeOf = (error: unknown) => (error instanceof DatabaseError ? [error.problem, error.reason] : error);

describe("add", () => {
  test("allows an increase up to the limit, and refuses one above it without a change", async () => {
    await subscribe("solo");
    expect(await gauge.add(userId, FIELD, 2)).toEqual({
      allowed: true,
      field: FIELD,
      used: 2,
      limit: 3,
      remaining: 1,
      resetsAt: null,
      plan: "solo",
    });
    expect(await gauge.add(userId, FIELD, 2)).toMatchObject({ allowed: false, reason: "limit_reached", used: 2 });
    expect(await gauge.add(userId, FIELD, 1)).toMatchObject({ allowed: true, used: 3, remaining: 0 });
    expect(await meter()).toMatchObject({ used: 3 });
  });

  test("allows each decrease, also above the limit, and never falls below 0", async () => {
    await gauge.add(userId, FIELD, 1);
    await query("update usage_counters set used = 5 where user_id = $1 and field = $2", [userId, FIELD]);
    expect(await gauge.add(userId, FIELD, 1)).toMatchObject({ allowed: false, used: 5, limit: 1 });
    expect(await gauge.add(userId, FIELD, -2)).toMatchObject({ allowed: true, used: 3, remaining: 0 });
    expect(await gauge.add(userId, FIELD, -9)).toMatchObject({ allowed: true, used: 0, remaining: 1 });
  });

  test("of a user at the limit writes no row", async () => {
    await gauge.add(userId, FIELD, 1);
    const rows = () =>
      query("select ctid::text, xmax::text from users union all select ctid::text, xmax::text from subscriptions");
    const before = await rows();
    expect(await gauge.add(userId, FIELD, 1)).toMatchObject({ allowed: false });
    expect(await gauge.set(userId, FIELD, 2)).toMatchObject({ allowed: false });
    expect(await rows()).toEqual(before);
  });
});

describe("set", () => {
  test("allows a number within the limit, and refuses a larger one", async () => {
    await subscribe("solo");
    expect(await gauge.set(userId, FIELD, 3)).toMatchObject({ allowed: true, used: 3, remaining: 0 });
    expect(await gauge.set(userId, FIELD, 4)).toMatchObject({ allowed: false, reason: "limit_reached", used: 3 });
    expect(await gauge.set(userId, FIELD, 0)).toMatchObject({ allowed: true, used: 0 });
  });

  test("above the limit allows a number that does not grow", async () => {
    await gauge.set(userId, FIELD, 0);
    await query("update usage_counters set used = 9 where user_id = $1 and field = $2", [userId, FIELD]);
    expect(await gauge.set(userId, FIELD, 10)).toMatchObject({ allowed: false, used: 9 });
    expect(await gauge.set(userId, FIELD, 9)).toMatchObject({ allowed: true, used: 9 });
    expect(await gauge.set(userId, FIELD, 7)).toMatchObject({ allowed: true, used: 7, limit: 1, remaining: 0 });
  });

  test("follows a limit of the user's own", async () => {
    await gateway.setLimitOverride(userId, FIELD, 4, { expiresAt: null, by: "admin" });
    expect(await gauge.set(userId, FIELD, 4)).toMatchObject({ allowed: true, limit: 4 });
    expect(await gauge.set(userId, FIELD, 5)).toMatchObject({ allowed: false });
  });
});

describe("a key", () => {
  test("gives a retry the first allowed verdict, and changes nothing again", async () => {
    await subscribe("office");
    const first = await gauge.add(userId, FIELD, 2, { key: "import" });
    await gauge.add(userId, FIELD, 3);
    expect(await gauge.add(userId, FIELD, 2, { key: "import" })).toEqual(first);
    expect(await meter()).toMatchObject({ used: 5 });
    const set = await gauge.set(userId, FIELD, 1, { key: "count" });
    await gauge.add(userId, FIELD, 1);
    expect(await gauge.set(userId, FIELD, 1, { key: "count" })).toEqual(set);
    expect(await meter()).toMatchObject({ used: 2 });
  });

  test("of a refused call is free: the retry is evaluated again", async () => {
    await gauge.add(userId, FIELD, 1);
    expect(await gauge.add(userId, FIELD, 1, { key: "later" })).toMatchObject({ allowed: false });
    await gauge.add(userId, FIELD, -1);
    expect(await gauge.add(userId, FIELD, 1, { key: "later" })).toMatchObject({ allowed: true, used: 1 });
    // At the limit too, the retry is known.
    expect(await gauge.add(userId, FIELD, 1, { key: "later" })).toMatchObject({ allowed: true, used: 1 });
  });

  test("with another request is a conflict, also as set instead of add", async () => {
    await subscribe("office");
    await gauge.add(userId, FIELD, 2, { key: "one" });
    for (const call of [gauge.add(userId, FIELD, 3, { key: "one" }), gauge.set(userId, FIELD, 2, { key: "one" })])
      expect(await call.catch(codeOf)).toEqual(["conflict", "key_reused"]);
    expect(await meter()).toMatchObject({ used: 2 });
  });

  test("of a gauge and of a charge are apart", async () => {
    await gateway.consume(userId, "orders_count", 1, "same");
    expect(await gauge.add(userId, FIELD, 1, { key: "same" })).toMatchObject({ allowed: true, used: 1 });
  });
});

describe("concurrent calls on separate connections", () => {
  test("64 at 3 free places: 3 are allowed, each with its own number", async () => {
    await subscribe("office");
    await gauge.set(userId, FIELD, 7);
    const verdicts = await times(64, () => gauge.add(userId, FIELD, 1));
    const allowed = verdicts.filter((verdict) => verdict.allowed);
    expect(allowed.map(({ used }) => used).sort((a, b) => a - b)).toEqual([8, 9, 10]);
    expect(await meter()).toMatchObject({ used: 10, remaining: 0, overLimit: false });
  });

  test("64 of a new user, and 64 with one key: the gauge counts each change once", async () => {
    const verdicts = await times(64, () => gauge.add(userId, FIELD, 1));
    expect(verdicts.filter((verdict) => verdict.allowed)).toHaveLength(1);
    await subscribe("company");
    await times(64, () => gauge.add(userId, FIELD, 5, { key: "once" }));
    expect(await meter()).toMatchObject({ used: 6 });
  });

  test("additions and removals sum up", async () => {
    await subscribe("company");
    await gauge.set(userId, FIELD, 500);
    const verdicts = await times(60, (index) => gauge.add(userId, FIELD, index % 2 === 0 ? 3 : -2));
    expect(verdicts.every(({ allowed }) => allowed)).toBe(true);
    expect(await meter()).toMatchObject({ used: 530 });
  });
});

describe("in the owner's own transaction", () => {
  const ADD = "select tollgate.add_to_gauge($1, $2) ->> 'allowed' as allowed";

  test("the gauge and the thing are committed together, or not at all", async () => {
    await query("create table if not exists public.things (id serial, owner text)");
    const client = await database.pool().connect();
    try {
      for (const end of ["rollback", "commit"]) {
        await client.query("begin");
        expect((await client.query(ADD, [userId, FIELD])).rows).toEqual([{ allowed: "true" }]);
        await client.query("insert into public.things (owner) values ($1)", [userId]);
        await client.query(end);
        expect(await meter()).toMatchObject({ used: end === "commit" ? 1 : 0 });
      }
      expect(await query("select from public.things where owner = $1", [userId])).toHaveLength(1);
    } finally {
      client.release();
    }
  });

  test("another creation waits for the end of the transaction, and sees its thing", async () => {
    const client = await database.pool().connect();
    try {
      await client.query("begin");
      await client.query(ADD, [userId, FIELD]);
      const other = gauge.add(userId, FIELD, 1);
      await expect
        .poll(() =>
          query("select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"),
        )
        .toHaveLength(1);
      await client.query("commit");
      expect(await other).toMatchObject({ allowed: false, used: 1 });
    } finally {
      client.release();
    }
  });

  test("one statement creates things only if the verdict allows it", async () => {
    await query("create table if not exists public.things (id serial, owner text)");
    const create = () =>
      query(
        `with gate as materialized (select tollgate.add_to_gauge($1, $2) as verdict)
         insert into public.things (owner) select $1 from gate where (verdict ->> 'allowed')::boolean returning id`,
        [userId, FIELD],
      );
    expect((await times(5, create)).flat()).toHaveLength(1);
    expect(await meter()).toMatchObject({ used: 1 });
  });

  test("a long statement around it has no deadline", async () => {
    await query(
      `do $do$ begin perform pg_sleep(1.5); perform tollgate.add_to_gauge('${userId}', '${FIELD}'); end $do$`,
    );
    expect(await meter()).toMatchObject({ used: 1 });
  });
});

describe("wrong input changes nothing:", () => {
  const changes = async () => query("select user_id from users where user_id = $1", [userId]);

  test.each([
    ["a fraction", { add: 0.5 }, "add"],
    ["an addition of 0", { add: 0 }, "add"],
    ["a negative number", { set: -1 }, "set"],
    ["a number that JSON cannot carry", { set: 2 ** 53 }, "set"],
    ["both", { set: 1, add: 1 }, "set"],
    ["neither", {}, "set"],
  ])("%s", async (_, change, field) => {
    const call = gauge.change({ userId, field: FIELD, ...change });
    await expect(call).rejects.toMatchObject({ problem: "bad_input", details: { field } });
    expect(await changes()).toEqual([]);
  });

  test("a counter, with a reason of its own", async () => {
    const counter = "orders_count" as GaugeName;
    await expect(gauge.add(userId, counter, 1)).rejects.toMatchObject({ reason: "field_is_counter" });
    await expect(gateway.addToGauge(userId, "orders_count", 1)).rejects.toMatchObject({ reason: "field_is_counter" });
    await expect(gateway.setGauge(userId, "nothing", 1)).rejects.toMatchObject({
      problem: "bad_input",
      field: "field",
    });
    expect(await changes()).toEqual([]);
  });

  test.each([
    ["set_gauge", "null"],
    ["set_gauge", "-1"],
    ["set_gauge", "9007199254740992"],
    ["add_to_gauge", "null"],
    ["add_to_gauge", "0"],
    ["add_to_gauge", "-9007199254740992"],
  ])("%s of %s in SQL", async (name, value) => {
    await expect(query(`select tollgate.${name}($1, $2, ${value})`, [userId, FIELD])).rejects.toMatchObject({
      code: "TG400",
    });
    expect(await changes()).toEqual([]);
  });

  test("an empty key", async () => {
    await expect(gateway.addToGauge(userId, FIELD, 1, "")).rejects.toMatchObject({ field: "idempotencyKey" });
    expect(await changes()).toEqual([]);
  });
});
