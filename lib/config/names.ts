/** Names in a config: their form, their text for users, and the nearest valid name. */

/** A name of lower-case letters, digits and underscores, of at most 63 characters. */
export const NAME = /^[a-z][a-z0-9_]{0,62}$/;

/** "AI summaries" stays, "notes" becomes "Notes". */
export function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The text for an id without a name: `pro` is "Pro", `pro_plus` is "Pro plus". */
export function nameOfId(id: string): string {
  return capitalized(id.replaceAll("_", " "));
}

/**
 * The valid name that is nearest to a wrong one, of several one with the same first letter; undefined if none is near. A third
 * of the letters may differ.
 */
export function nearestName(wrong: string, valid: readonly string[]): string | undefined {
  const near = valid
    .map((name) => ({ name, distance: editDistance(wrong.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, distance }) => distance <= Math.max(1, Math.floor(Math.max(wrong.length, name.length) / 3)))
    .sort((a, b) => a.distance - b.distance || Number(b.name[0] === wrong[0]) - Number(a.name[0] === wrong[0]));
  return near[0]?.name;
}

/** The fewest changes from one text to the other: a letter added, removed or replaced, or two neighbors swapped. */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      current[column] = Math.min(
        (last[column] as number) + 1,
        (current[column - 1] as number) + 1,
        (last[column - 1] as number) + (same ? 0 : 1),
        swapped ? (beforeLast[column - 2] as number) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] as number;
}
