import { afterAll, beforeEach, expect, test, vi } from "vitest";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { testDatabase } from "@/tests/support/database";
import { setProcessGateway } from "@/tests/support/process-gateway";
import { exportAccount } from ".";

const deadlines = vi.hoisted(() => ({ EXPORT_READ_MS: 3_600_000 }));
vi.mock("@/lib/core/deadlines", async (original) => ({
  ...(await original<object>()),
  callMs: () => 3_600_000,
  get EXPORT_READ_MS() {
    return deadlines.EXPORT_READ_MS;
  },
}));

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
setProcessGateway(gateway);
afterAll(() => gateway.end());
beforeEach(() => {
  deadlines.EXPORT_READ_MS = 3_600_000;
});

const refusal = (request: Promise<unknown>) =>
  request.then(
    () => null,
    ({ problem, reason }) => ({ problem, reason }),
  );

test("200,000 ledger rows: each once, in small parts", async () => {
  await gateway.consume("long", "stamps_used", 1);
  await database.pool().query(
    `insert into usage_ledger (user_id, product, field, at, amount, entry)
     select 'long', 'mail', (array['stamps_used', 'parcels_sent'])[1 + n % 2],
       now() - make_interval(secs => n / 100), 1, nextval('usage_ledger_entry')
     from generate_series(1, 199999) n`,
  );
  const decoder = new TextDecoder();
  const parts: string[] = [];
  for await (const part of await exportAccount("long")) parts.push(decoder.decode(part));
  expect(Math.max(...parts.map(({ length }) => length))).toBeLessThan(500_000);
  const document = JSON.parse(parts.join(""));
  expect(document).toMatchObject({ user_id: "long", profile: { user_id: "long" }, subscriptions: [{}], bays: [] });
  expect(document.ledger).toHaveLength(200_000);
  expect(new Set(document.ledger.map(({ entry }: { entry: number }) => entry)).size).toBe(200_000);
});

test("a late page reads no earlier rows, also with a generic plan", async () => {
  const client = await database.pool().connect();
  await client.query("analyze usage_ledger");
  await client.query("set plan_cache_mode = force_generic_plan");
  const { rows } = await client.query({
    text: `explain (analyze, buffers, format json) select tollgate.export_ledger('long',
      (select jsonb_build_object('field', field, 'at', at, 'entry', entry) from usage_ledger
       where user_id = 'long' order by field desc, at desc limit 1 offset 500), 100)`,
    rowMode: "array",
  });
  client.release(true);
  const [[[{ Plan: plan }]]] = rows as [[[{ Plan: Record<string, number> }]]];
  expect(Number(plan["Shared Hit Blocks"]) + Number(plan["Shared Read Blocks"])).toBeLessThan(1_000);
});

test("one export per user at a time; the next one can begin when it has ended", async () => {
  const first = await exportAccount("one");
  expect(await refusal(exportAccount("one"))).toEqual({ problem: "too_many", reason: "rate_limited" });
  await new Response(first).text();
  const second = await exportAccount("one");
  await second.cancel();
  await new Response(await exportAccount("one")).text();
});

test("two exports over all users at a time, and a failed one does not count", async () => {
  const [first, second] = [await exportAccount("one"), await exportAccount("two")];
  expect(await refusal(exportAccount("three"))).toEqual({ problem: "unavailable", reason: "unavailable" });
  await Promise.all([first.cancel(), second.cancel()]);
  const failing = vi.spyOn(gateway, "exportAccount").mockRejectedValue(new Error("down"));
  for (let attempt = 0; attempt < 3; attempt += 1) await expect(exportAccount("one")).rejects.toThrow("down");
  failing.mockRestore();
  await new Response(await exportAccount("one")).text();
});

test("a reader that stops reading ends its export", async () => {
  deadlines.EXPORT_READ_MS = 20;
  const stream = await exportAccount("one");
  const reader = stream.getReader();
  await reader.read();
  await expect.poll(() => refusal(exportAccount("two").then((other) => other.cancel()))).toBeNull();
  await expect(reader.closed).rejects.toThrow("stopped");
  await (await exportAccount("one")).cancel();
});
