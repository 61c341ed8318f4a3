/**
 * `npm run bench` compares the gate with its alternatives on one embedded Postgres with `synchronous_commit = on`.
 * Machines are shared and noisy. So the ratios to the bare UPDATE of the same round are compared, as medians over
 * interleaved rounds.
 *
 *   npm run bench                 all benches, about five minutes
 *   npm run bench -- gate         without the HTTP part
 *   npm run bench -- one-user     how much one user's load slows another user
 *   npm run bench -- words        the writer's text functions on 200,000 characters
 *   BENCH_ROUNDS=3 BENCH_MS=500   shorter
 */
import "@/scripts/preflight";
import "@/scripts/provide-catalog";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { EVERY_PART, migrate, withClient } from "@/lib/database/migrate";
import { startEmbeddedPostgres } from "@/scripts/database/embedded";
import { databaseUrl } from "@/tests/support/database-url";
import config from "@/tollgate.config";
import { bareUpdate, batched, type Contender, ENDLESS, rateLimiterFlexible, readThenWrite, single } from "./contenders";
import { httpBench } from "./http";
import { closedLoop, type Measured, median } from "./load";
import { oneUserBench } from "./one-user";
import { printTable } from "./table";
import { wordsBench } from "./words";

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 7);
const MILLISECONDS = Number(process.env.BENCH_MS ?? 1_500);
const CALLERS = 64;
const SPREAD = Array.from({ length: 1_000 }, (_, index) => `spread-${index}`);
const DENIED = Array.from({ length: 1_000 }, (_, index) => `denied-${index}`);

const LOADS = [
  { name: "spread keys", keys: SPREAD, left: ENDLESS },
  { name: "one hot key", keys: ["hot"], left: ENDLESS },
  { name: "all denied", keys: DENIED, left: 0 },
] as const;

async function gateBench(url: string): Promise<void> {
  const contenders = [
    await bareUpdate(url),
    await single(url),
    await batched(url),
    await rateLimiterFlexible(url),
    await readThenWrite(url),
  ];
  const overGrants = new Map<Contender, number>();
  for (const contender of contenders.slice(1)) overGrants.set(contender, await overGranted(contender));

  for (const { name, keys, left } of LOADS) {
    const rounds = new Map<Contender, Measured[]>(contenders.map((contender) => [contender, []]));
    const sizes: number[] = [];
    for (const contender of contenders) await contender.prepare(keys, left);
    for (let round = -1; round < ROUNDS; round += 1) {
      // Each round starts with a different contender, so that the order favours none.
      const order = contenders.map((_, index) => contenders[(index + round + contenders.length) % contenders.length]);
      for (const contender of order as Contender[]) {
        const call = (turn: number) => contender.count(keys[(turn * 7919) % keys.length] as string);
        const measured = await closedLoop({ call }, CALLERS, round < 0 ? 300 : MILLISECONDS);
        const batches = contender.batches?.() ?? [];
        // The round before the first fills caches and plans.
        if (round < 0) continue;
        rounds.get(contender)?.push(measured);
        sizes.push(...batches);
      }
    }
    const baseline = (rounds.get(contenders[0] as Contender) ?? []).map(({ rate }) => rate);
    printTable(
      `${name}: ${CALLERS} callers, ${ROUNDS} rounds of ${MILLISECONDS} ms`,
      ["", "ops/s", "ratio", "p50 ms", "p99 ms", "over-grants"],
      contenders.map((contender) => {
        const measured = rounds.get(contender) ?? [];
        return [
          contender.name,
          median(measured.map(({ rate }) => rate)).toFixed(0),
          `${median(measured.map(({ rate }, round) => rate / (baseline[round] ?? 1))).toFixed(2)} ×`,
          median(measured.map(({ p50 }) => p50)).toFixed(1),
          median(measured.map(({ p99 }) => p99)).toFixed(1),
          overGrants.has(contender) ? String(overGrants.get(contender)) : "–",
        ];
      }),
    );
    console.log(`  calls per statement, batched: median ${median(sizes)}, most ${Math.max(...sizes)}\n`);
  }
  for (const contender of contenders) await contender.end();
}

/** Units beyond a limit of 100 that the contender grants to 64 callers. */
async function overGranted(contender: Contender): Promise<number> {
  await contender.prepare(["limit"], 100);
  const verdicts = await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      let allowed = 0;
      for (let turn = 0; turn < 10; turn += 1) if (await contender.count("limit")) allowed += 1;
      return allowed;
    }),
  );
  return verdicts.reduce((sum, allowed) => sum + allowed, 0) - 100;
}

async function withDatabase(work: (url: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(path.join(os.tmpdir(), "tollgate-bench-"));
  const server = await startEmbeddedPostgres({
    directory: path.join(directory, "postgres"),
    settings: { synchronous_commit: "on", fsync: "on" },
  });
  try {
    await withClient(server.url, (client) => client.query("create database bench"));
    const url = databaseUrl(server.url, "bench");
    await migrate(url, config, EVERY_PART);
    await work(url);
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

const wanted = process.argv.slice(2);
console.log(`Node ${process.version}, ${os.availableParallelism()} cores, ${os.cpus()[0]?.model ?? "unknown"}\n`);
if (wanted.length === 0 || wanted.includes("gate")) await withDatabase(gateBench);
if (wanted.length === 0 || wanted.includes("http")) await httpBench({ rounds: ROUNDS, milliseconds: MILLISECONDS });
if (wanted.length === 0 || wanted.includes("one-user"))
  await oneUserBench({ rounds: ROUNDS, milliseconds: MILLISECONDS });
if (wanted.length === 0 || wanted.includes("words")) wordsBench(ROUNDS);
process.exit(0);
