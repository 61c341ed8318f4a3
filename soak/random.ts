/** Repeatable randomness: the same seed makes the same choices, but not the same timing. */

export interface Random {
  /** 0 ≤ x < 1 */
  next(): number;
  /** A whole number from `least` to `most`, both included. */
  whole(least: number, most: number): number;
  pick<T>(from: readonly T[]): T;
  chance(share: number): boolean;
  shuffle<T>(items: readonly T[]): T[];
  /** A separate generator, so that one caller's pace does not change another's choices. */
  fork(name: string): Random;
}

export function randomOf(seed: string): Random {
  let state = hash(seed);
  // mulberry32
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const whole = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    whole,
    pick: (from) => {
      if (from.length === 0) throw new Error("There is nothing to pick from.");
      return from[whole(0, from.length - 1)] as (typeof from)[number];
    },
    chance: (share) => next() < share,
    shuffle: (items) => {
      const left = [...items];
      return items.map(() => left.splice(whole(0, left.length - 1), 1)[0] as (typeof items)[number]);
    },
    fork: (name) => randomOf(`${seed}/${name}`),
  };
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const letter of text) value = Math.imul(value ^ (letter.codePointAt(0) as number), 0x01000193);
  return value | 0;
}
