/** The gate beside its alternatives, on one database. */
import { bareUpdate, batched, type Contender, ENDLESS, rateLimiterFlexible, readThenWrite, single } from "./contenders";
import { closedLoop, HEAD, interleave, type Measured, median, type Rounds, ratio, row } from "./load";
import type { Run } from "./run";
import { withServer } from "./server";
import { printTable } from "./table";
import type { Figure } from "./targets";

const CALLERS = 64;
const MANY_CALLERS = 256;
const SPREAD = Array.from({ length: 4_000 }, (_, index) => `spread-${index}`);
const DENIED = Array.from({ length: 1_000 }, (_, index) => `denied-${index}`);

interface Load {
  name: string;
  keys: readonly string[];
  left: number;
}

const SPREAD_KEYS: Load = { name: "spread keys", keys: SPREAD, left: ENDLESS };
const HOT_KEY: Load = { name: "one hot key", keys: ["hot"], left: ENDLESS };
const ALL_DENIED: Load = { name: "all denied", keys: DENIED, left: 0 };

export async function gateBench(run: Run, rounds: Rounds): Promise<Figure[]> {
  const figures: Figure[] = [];
  await withServer(run, async ({ createDatabase }) => {
    const url = await createDatabase("bench");
    const contenders: Contender[] = [];
    const open = async (start: (url: string) => Promise<Contender>) => {
      const contender = await start(url);
      contenders.push(contender);
      return contender;
    };
    try {
      const bare = await open(bareUpdate);
      const one = await open(single);
      const gate = await open(batched);
      const others = [await open(rateLimiterFlexible), await open(readThenWrite)];
      const overGrants = new Map<Contender, number>();
      for (const contender of [one, gate, ...others]) overGrants.set(contender, await overGranted(contender));

      const measureAll = (load: Load) => measure(load, CALLERS, [bare, one, gate, ...others], rounds, overGrants);
      const spread = await measureAll(SPREAD_KEYS);
      const many = await measure(SPREAD_KEYS, MANY_CALLERS, [bare, gate], rounds, overGrants);
      const hot = await measureAll(HOT_KEY);
      const denied = await measureAll(ALL_DENIED);
      const beside = (results: Results, contender: Contender) => ratio(results.get(contender), results.get(bare));
      figures.push(
        { name: "gate, 4,000 keys, 64 callers", value: beside(spread, gate), target: { bar: 1.7, aim: 2.5 } },
        { name: "gate, 4,000 keys, 256 callers", value: beside(many, gate), target: { bar: 2.3, aim: 3.5 } },
        { name: "gate, one call per statement", value: beside(spread, one), target: { bar: 0.55, aim: 0.8 } },
        { name: "gate, one hot key", value: beside(hot, gate), target: { bar: 15, aim: 30 } },
        { name: "gate, all denied", value: beside(denied, gate), target: { bar: 3, aim: 5 } },
      );
    } finally {
      for (const contender of contenders) await contender.end();
    }
  });
  return figures;
}

type Results = ReadonlyMap<Contender, readonly Measured[]>;

async function measure(
  { name, keys, left }: Load,
  callers: number,
  contenders: readonly [baseline: Contender, ...others: Contender[]],
  rounds: Rounds,
  overGrants: ReadonlyMap<Contender, number>,
): Promise<Results> {
  const sizes: number[] = [];
  for (const contender of contenders) await contender.prepare(keys, left);
  const results = await interleave(contenders, rounds, async (contender, milliseconds, round) => {
    const call = (turn: number) => contender.count(keys[(turn * 7919) % keys.length] as string);
    const measured = await closedLoop({ call }, callers, milliseconds);
    const batches = contender.batches?.() ?? [];
    if (round >= 0) sizes.push(...batches);
    return measured;
  });
  printTable(
    `${name}: ${callers} callers, ${rounds.rounds} rounds of ${rounds.milliseconds} ms`,
    [...HEAD, "over-grants"],
    contenders.map((contender) => [
      ...row(contender.name, results.get(contender), results.get(contenders[0])),
      overGrants.has(contender) ? String(overGrants.get(contender)) : "–",
    ]),
  );
  const largest = sizes.reduce((most, size) => Math.max(most, size), 0);
  console.log(`  calls per statement, batched: median ${median(sizes)}, most ${largest}\n`);
  return results;
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
