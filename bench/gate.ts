/** The gate beside its alternatives, on one database. */
import { bareUpdate, batched, type Contender, ENDLESS, rateLimiterFlexible, readThenWrite, single } from "./contenders";
import { closedLoop, failedCalls, type Measured, median, type Rounds } from "./load";
import type { Run } from "./run";
import { withServer } from "./server";
import { printTable } from "./table";

const CALLERS = 64;
const SPREAD = Array.from({ length: 1_000 }, (_, index) => `spread-${index}`);
const DENIED = Array.from({ length: 1_000 }, (_, index) => `denied-${index}`);

interface Load {
  name: string;
  keys: readonly string[];
  left: number;
}

const LOADS: readonly Load[] = [
  { name: "spread keys", keys: SPREAD, left: ENDLESS },
  { name: "one hot key", keys: ["hot"], left: ENDLESS },
  { name: "all denied", keys: DENIED, left: 0 },
];

export async function gateBench(run: Run, rounds: Rounds): Promise<void> {
  await withServer(run, async ({ createDatabase }) => {
    const url = await createDatabase("bench");
    const contenders: Contender[] = [];
    try {
      for (const open of [bareUpdate, single, batched, rateLimiterFlexible, readThenWrite])
        contenders.push(await open(url));
      const overGrants = new Map<Contender, number>();
      for (const contender of contenders.slice(1)) overGrants.set(contender, await overGranted(contender));
      for (const load of LOADS) await measure(load, contenders, overGrants, rounds);
    } finally {
      for (const contender of contenders) await contender.end();
    }
  });
}

async function measure(
  { name, keys, left }: Load,
  contenders: readonly Contender[],
  overGrants: ReadonlyMap<Contender, number>,
  { rounds, milliseconds }: Rounds,
): Promise<void> {
  const results = new Map<Contender, Measured[]>(contenders.map((contender) => [contender, []]));
  const sizes: number[] = [];
  for (const contender of contenders) await contender.prepare(keys, left);
  for (let round = -1; round < rounds; round += 1) {
    // Each round starts with a different contender, so that the order favours none.
    const order = contenders.map((_, index) => contenders[(index + round + contenders.length) % contenders.length]);
    for (const contender of order as Contender[]) {
      const call = (turn: number) => contender.count(keys[(turn * 7919) % keys.length] as string);
      const measured = await closedLoop({ call }, CALLERS, round < 0 ? 300 : milliseconds);
      const batches = contender.batches?.() ?? [];
      // The round before the first fills caches and plans.
      if (round < 0) continue;
      results.get(contender)?.push(measured);
      sizes.push(...batches);
    }
  }
  const baseline = (results.get(contenders[0] as Contender) ?? []).map(({ rate }) => rate);
  printTable(
    `${name}: ${CALLERS} callers, ${rounds} rounds of ${milliseconds} ms`,
    ["", "ops/s", "ratio", "p50 ms", "p99 ms", "failed", "over-grants"],
    contenders.map((contender) => {
      const measured = results.get(contender) ?? [];
      return [
        contender.name,
        median(measured.map(({ rate }) => rate)).toFixed(0),
        `${median(measured.map(({ rate }, round) => rate / (baseline[round] ?? 1))).toFixed(2)} ×`,
        median(measured.map(({ p50 }) => p50)).toFixed(1),
        median(measured.map(({ p99 }) => p99)).toFixed(1),
        String(failedCalls(measured)),
        overGrants.has(contender) ? String(overGrants.get(contender)) : "–",
      ];
    }),
  );
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  console.log(`  calls per statement, batched: median ${median(sizes)}, most ${largest}\n`);
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
