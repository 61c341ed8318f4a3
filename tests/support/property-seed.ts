/**
 * Property tests repeat the same inputs in each run, so that `npm test` never fails by chance. `PROPERTY_SEED=random` looks
 * for new ones, and `PROPERTY_SEED=<number>` repeats a search. Vitest runs this file before each test file.
 */
import fc from "fast-check";

export const SEED = seedOf(process.env.PROPERTY_SEED ?? "20261128");

fc.configureGlobal({ seed: SEED });

function seedOf(text: string): number {
  const seed = text === "random" ? Math.floor(Math.random() * 2 ** 31) : Number(text);
  if (!Number.isInteger(seed)) throw new Error(`PROPERTY_SEED is ${text}; it is a whole number or random.`);
  return seed;
}
