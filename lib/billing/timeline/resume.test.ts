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

const RUNS = Number(process.env.RESUME_RUNS ?? 250);
const TIMEOUT = 900_000;
const FREE_ANCHOR = day(-12);

const load = (facts: readonly Fact[]) => ({ facts, others: [], freeAnchor: FREE_ANCHOR });
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

let resumptions = 0;

/** Each cut, with a checkpoint that knows some of the later facts, and then another checkpoint from the first one. */
function expectResumed({ facts, random }: Case): void {
  const draw = drawing(random);
  const cuts = cutsOf(facts);
  for (const cut of cuts) {
    const later = facts.filter(({ at }) => at >= cut);
    // The part that a checkpoint knows: often none, so that it cannot see the effect of the later facts.
    const part = draw() < 0.5 ? 0 : draw();
    const arrived = later.filter(() => draw() < part);
    const known = facts.filter((fact) => fact.at < cut || arrived.includes(fact));
    const checkpoint = checkpointAt(TEST_PRODUCT, load(known), cut);
    if (checkpoint === null || !isResumed(facts, known, stored(checkpoint), draw)) continue;
    const nextCut = cuts[Math.floor(draw() * cuts.length)] ?? cut;
    const knownNext = facts.filter((fact) => fact.at < nextCut || arrived.includes(fact));
    const since = knownNext.filter(({ at }) => at >= cut);
    const next = checkpointAt(TEST_PRODUCT, load(since), nextCut, stored(checkpoint));
    if (next) isResumed(facts, knownNext, stored(next), draw);
  }
}

/** Delivers the missing facts, with some again, and compares the result and the decision with those of all facts. */
function isResumed(
  facts: readonly Fact[],
  known: readonly Fact[],
  checkpoint: Checkpoint,
  draw: () => number,
): boolean {
  const { cut } = checkpoint;
  const later = facts.filter(({ at }) => at >= cut);
  const missing = later.filter((fact) => !known.includes(fact));
  const before = resume(TEST_PRODUCT, checkpoint, load(later.filter((fact) => known.includes(fact))));
  const delivered = shuffled([...later, ...later.filter(() => draw() < 0.2)], draw);
  const after = resume(TEST_PRODUCT, checkpoint, load(delivered));
  if (after === null || before === null) return false;
  resumptions += 1;
  const [partly, all] = [foldAll(known), foldAll(facts)];
  expect(after).toEqual(timelineFrom(all, cut, later));
  expect(rowsBefore(all, cut)).toEqual(rowsBefore(partly, cut));
  expect(decide(before, after, missing)).toEqual(decide(partly, all, missing));
  expect(newFlags(before, after)).toEqual(newFlags(partly, all));
  return true;
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

test.each([
  ["realistic", realisticFacts],
  ["arbitrary", arbitraryFacts],
] as const)(
  "each cut of %s histories is resumed as a fold of all facts, or refused",
  (_, anyFacts) => {
    resumptions = 0;
    fc.assert(fc.property(fc.record({ facts: anyFacts, random: choices }), expectResumed), { numRuns: RUNS });
    expect(resumptions).toBeGreaterThan(2 * RUNS);
  },
  TIMEOUT,
);
