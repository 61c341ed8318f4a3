/** Invariant: from any checkpoint, the later facts give the same timeline as all facts, or none. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { TEST_PRODUCT } from "@/tests/support/billing-simulator/product";
import { day } from "@/tests/support/fact-builders";
import { arbitraryFacts, realisticFacts } from "@/tests/support/random-histories";
import { type Checkpoint, checkpointSchema } from "../schemas/checkpoint";
import type { Fact, Instant, Timeline } from "../types";
import { decide, fold, newFlags } from "./build-timeline";
import { DAY_MS, SECOND_MS } from "./calendar";
import { checkpointAt } from "./checkpoint";
import { resume, timelineFrom } from "./resume";

const RUNS = Number(process.env.RESUME_RUNS ?? 600);
const TIMEOUT = 900_000;
const FREE_ANCHOR = day(-12);

const known = (facts: readonly Fact[]) => ({ facts, others: [], freeAnchor: FREE_ANCHOR });
const foldAll = (facts: readonly Fact[]) => fold(TEST_PRODUCT, facts, FREE_ANCHOR);

/** A checkpoint as the database returns it. */
function stored(checkpoint: Checkpoint): Checkpoint {
  return checkpointSchema.parse(JSON.parse(JSON.stringify(checkpoint)));
}

/** The rows that begin before the cut, as the database stores them: entitlement periods without their ends. */
function rowsBefore({ periods, entitlementPeriods, transitions, flags }: Timeline, cut: Instant) {
  return {
    periods: periods.filter(({ start }) => start < cut),
    entitlementPeriods: entitlementPeriods
      .filter(({ start }) => start < cut)
      .map((period) => ({ ...period, end: null })),
    transitions: transitions.filter(({ at }) => at < cut),
    flags: flags.filter(({ at }) => at < cut),
  };
}

/** Every cut that divides the facts in another way, and those beside the start of a period. */
function cutsOf(facts: readonly Fact[]): Instant[] {
  const starts = foldAll(facts).periods.flatMap(({ start }) => [start - DAY_MS, start - 2 * SECOND_MS, start]);
  return [...new Set([...facts.flatMap(({ at }) => [at, at + 1]), ...starts])].sort((a, b) => a - b);
}

interface Case {
  facts: Fact[];
  /** One number for each choice: which later facts a checkpoint knows, and the order of deliveries. */
  random: readonly number[];
}

const outcomes = { resumed: 0, refused: 0, unsound: 0 };

function expectResumed({ facts, random }: Case): void {
  const draw = drawing(random);
  const all = foldAll(facts);
  for (const cut of cutsOf(facts)) {
    const before = facts.filter(({ at }) => at < cut);
    const later = facts.filter(({ at }) => at >= cut);
    const arrived = later.filter(() => draw() < 0.6);
    const checkpoint = checkpointAt(TEST_PRODUCT, known([...before, ...arrived]), cut);
    if (checkpoint === null) {
      outcomes.unsound += 1;
      continue;
    }
    const delivered = shuffled([...later, ...later.filter(() => draw() < 0.2)], draw);
    const resumed = resume(TEST_PRODUCT, stored(checkpoint), known(delivered));
    outcomes[resumed ? "resumed" : "refused"] += 1;
    if (resumed === null) continue;
    const partly = foldAll([...before, ...arrived]);
    expect(resumed).toEqual(timelineFrom(all, cut, later));
    expect(rowsBefore(all, cut)).toEqual(rowsBefore(partly, cut));
    const missed = later.filter((fact) => !arrived.includes(fact));
    const resumedBefore = resume(TEST_PRODUCT, stored(checkpoint), known(arrived)) as Timeline;
    expect(decide(resumedBefore, resumed, missed)).toEqual(decide(partly, all, missed));
    expect(newFlags(resumedBefore, resumed)).toEqual(newFlags(partly, all));
  }
}

function drawing(random: readonly number[]): () => number {
  let index = 0;
  return () => (random[index++ % random.length] as number) / 1_000;
}

function shuffled<T>(all: readonly T[], draw: () => number): T[] {
  return all
    .map((each) => ({ each, at: draw() }))
    .sort((a, b) => a.at - b.at)
    .map(({ each }) => each);
}

const choices = fc.array(fc.nat(999), { minLength: 31, maxLength: 31 });

for (const [name, anyFacts] of [
  ["realistic", realisticFacts],
  ["arbitrary", arbitraryFacts],
] as const) {
  test(
    `each cut of ${name} histories is resumed as a fold of all facts, or refused`,
    () => {
      Object.assign(outcomes, { resumed: 0, refused: 0, unsound: 0 });
      fc.assert(
        fc.property(fc.record({ facts: anyFacts, random: choices }), (each) => expectResumed(each)),
        { numRuns: RUNS },
      );
      expect(outcomes.resumed).toBeGreaterThan(RUNS);
    },
    TIMEOUT,
  );
}
