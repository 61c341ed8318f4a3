/** `tollgate import` through the real SDKs: 500 subscriptions over several pages, of both processors. */
import { describe, expect, test } from "vitest";
import type { Gateway } from "@/lib/database";
import { importCommand } from "@/tests/support/import-command";
import { type ListedFixture, PERIOD_START } from "@/tests/support/subscription-lists";
import { EXIT } from "../context";

const { database, gateway, customerOf, file, mail, rowCounts, run, subscriptionOf } = importCommand();

describe.each(["stripe", "paddle"] as const)("import from %s", (processor) => {
  const MANY = 500;
  const mapOf = (indexes: readonly number[]) =>
    file("map.csv", ["id,user_id", ...indexes.map((index) => `${customerOf(index)},user-${index}`)]);

  test("takes over 500 subscriptions, after a kill midway, and adds nothing the second time", async () => {
    const all = Array.from({ length: MANY }, (_, index) => subscriptionOf(index));
    const map = mapOf(all.map((_, index) => index));
    let calls = 0;
    const killed = new Proxy(gateway, {
      get(target, name: keyof Gateway) {
        calls += 1;
        if (calls > 900) throw new Error("killed");
        return target[name];
      },
    });
    await expect(run(processor, all, { map }, { gateway: killed })).rejects.toThrow("killed");
    const before = await rowCounts();
    expect(before.facts).toBeGreaterThan(10);
    expect(before.facts).toBeLessThan(MANY);

    const resumed = await run(processor, all, { map });
    expect(resumed.exit).toBe(EXIT.ok);
    expect(resumed.results.known).toBeGreaterThan(0);
    expect((resumed.results.known ?? 0) + (resumed.results.imported ?? 0)).toBe(MANY);
    expect(resumed.requests.filter((each) => each.endsWith("/subscriptions"))).toHaveLength(
      processor === "stripe" ? 5 : 3,
    );
    const after = await rowCounts();
    expect(after.facts).toBe(MANY);
    for (const index of [0, 250, 499]) {
      const row = await mail(`user-${index}`);
      expect(row).toMatchObject({ plan: "silver", status: "active" });
      expect(Date.parse(row?.periodStart as string)).toBe(PERIOD_START);
    }
    const second = await run(processor, all, { map });
    expect([second.exit, second.results]).toEqual([EXIT.ok, { known: MANY }]);
    expect(await rowCounts()).toEqual(after);
  });

  test("prints what it cannot take over, and writes nothing about it", async () => {
    const all = [
      subscriptionOf(1),
      subscriptionOf(2, { priceId: "price_of_nobody" }),
      subscriptionOf(3),
      subscriptionOf(4, { plan: "titanium" }),
      subscriptionOf(5, { userId: processor === "paddle" ? "user-5" : undefined } as Partial<ListedFixture>),
    ];
    const map = file("partial.csv", ["id,user_id", "cus_00001,user-1", "sub_00003,ada", '"cus_00004","ada"']);
    const { exit, subscriptions } = await run(processor, all, { map });
    expect(exit).toBe(EXIT.problems);
    const seen = Object.fromEntries(subscriptions.map((each: { subscription: string }) => [each.subscription, each]));
    expect(seen).toMatchObject({
      sub_00001: { result: "imported", userId: "user-1", by: "map" },
      sub_00002: { result: "unknown_price", detail: "price_of_nobody" },
      sub_00005: { result: "unmatched", detail: processor === "paddle" ? expect.stringContaining("user-5") : "" },
    });
    const [first, second] = [seen.sub_00003.result, seen.sub_00004.result].sort();
    expect([first, second]).toEqual(["duplicate", "imported"]);
    expect(await mail("ada")).toMatchObject({ plan: "titanium" });
    expect(
      (await database.pool().query("select from links where external_id in ('sub_00002', 'sub_00005')")).rowCount,
    ).toBe(0);
  });

  test("--dry-run writes nothing; without --yes and an answer nothing happens", async () => {
    const all = [subscriptionOf(1), subscriptionOf(2)];
    const { exit, results } = await run(processor, all, { map: mapOf([1, 2]), dryRun: true });
    expect([exit, results]).toEqual([EXIT.ok, { matched: 2 }]);
    await expect(run(processor, all, { map: mapOf([1]), yes: false })).rejects.toMatchObject({ name: "WrongUse" });
    expect(await rowCounts()).toEqual({ facts: 0, links: 0, ledger: 0 });
  });

  test("adds opening usage to the running window, also over the limit, and once", async () => {
    const all = [subscriptionOf(1), subscriptionOf(2)];
    const map = mapOf([1, 2]);
    const usage = file("usage.csv", [
      "user_id,field,used",
      "user-1,stamps_used,14000",
      "user-2,stamps_used,20000",
      "user-2,parcels_sent,0",
    ]);
    const first = await run(processor, all, { map, usage });
    expect(first.exit).toBe(EXIT.ok);
    expect(first.usage.map(({ added }: { added: number }) => added)).toEqual([14_000, 20_000, 0]);
    const used = async (user: string) => (await mail(user))?.meters.find(({ field }) => field === "stamps_used");
    expect(await used("user-1")).toMatchObject({ used: 14_000, limit: 15_000 });
    expect(await used("user-2")).toMatchObject({ used: 20_000, limit: 15_000 });
    const consumed = await gateway.consume("user-2", "stamps_used", 1);
    expect(consumed).toMatchObject({ allowed: false });

    const before = await rowCounts();
    const again = await run(processor, all, { map, usage });
    expect(again.usage.map(({ added }: { added: number }) => added)).toEqual([0, 0, 0]);
    expect(await rowCounts()).toEqual(before);
    // The old system has counted on until the cutover.
    const later = file("later.csv", ["user_id,field,used", "user-1,stamps_used,14500"]);
    expect((await run(processor, all, { map, usage: later })).usage[0]).toMatchObject({ added: 500, total: 14_500 });
  });

  test("a trial that has ended counts as used, for a running and for an ended subscription", async () => {
    const all = [
      subscriptionOf(1, { hadTrial: true }),
      subscriptionOf(2, { hadTrial: true, canceled: true }),
      subscriptionOf(3),
    ];
    const map = mapOf([1, 2, 3]);
    expect((await run(processor, all, { map })).results).toEqual({ imported: 3 });
    const tried = async (user: string) => {
      const { rows } = await database
        .pool()
        .query("select count(*)::int as trials from billing_periods where user_id = $1 and trial", [user]);
      return rows[0].trials > 0;
    };
    expect([await tried("user-1"), await tried("user-2"), await tried("user-3")]).toEqual([true, true, false]);
    expect([(await mail("user-1"))?.plan, (await mail("user-2"))?.plan]).toEqual(["silver", "free"]);
    expect((await run(processor, all, { map })).results).toEqual({ known: 3 });
  });

  test("matches by e-mail only if asked, and only one user", async () => {
    await gateway.ensureUser("ada", "Ada@example.com", null);
    await gateway.ensureUser("twin-1", "twin@example.com", null);
    await gateway.ensureUser("twin-2", "twin@example.com", null);
    const all = [subscriptionOf(1, { email: "ada@example.com" }), subscriptionOf(2, { email: "twin@example.com" })];
    expect((await run(processor, all)).results).toEqual({ unmatched: 2 });
    const { subscriptions } = await run(processor, all, { matchEmail: true });
    const byId = Object.fromEntries(subscriptions.map((each: { subscription: string }) => [each.subscription, each]));
    expect(byId).toMatchObject({ sub_00001: { by: "email", userId: "ada" }, sub_00002: { result: "unmatched" } });
  });

  test("a wrong file is wrong use, with its row", async () => {
    const usage = file("wrong.csv", ["user_id,field,used", "user-1,stamps_used,1", "user-2,stamps_used,many"]);
    await expect(run(processor, [], { usage })).rejects.toThrow(/wrong\.csv, row 3: used: is a whole number/);
    await expect(run(processor, [], { map: "/no/such/file.csv" })).rejects.toThrow(/cannot be read/);
    const gauge = file("gauge.csv", ["user_id,field,used", "user-1,bays_count,1"]);
    const { exit, usage: lines } = await run(processor, [], { usage: gauge });
    expect([exit, lines[0].error]).toEqual([EXIT.problems, expect.any(String)]);
  });
});

test("Stripe's metadata names the user", async () => {
  const { subscriptions } = await run("stripe", [subscriptionOf(1, { userId: "ada" })]);
  expect(subscriptions).toMatchObject([{ result: "imported", userId: "ada", by: "metadata" }]);
});
