/** Finds names of a config's products in code that must work for any config. */
import type { Catalog } from "@/lib/config/catalog";

/** The ids of products and meters as words, with their singulars, and the ids of paid plans as strings of code. */
export function productNames({ products }: Catalog): RegExp {
  const ids = Object.entries(products).flatMap(([id, { meters }]) => [id, ...Object.keys(meters)]);
  const words = ids.map((id) => id.replace(/s$/, "s?"));
  const plans = Object.values(products).flatMap((each) =>
    Object.entries(each.plans).flatMap(([id, { rank }]) => (rank > 0 ? [id] : [])),
  );
  return new RegExp(`(?<![a-z])(${words.join("|")})(?![a-z])|["'](${plans.join("|")})["']`, "i");
}

/** The lines that hold such a name, as `file:line: text`. */
export function linesWithNames(file: string, source: string, names: RegExp): string[] {
  return source
    .split("\n")
    .flatMap((text, index) => (names.test(text) ? [`${file}:${index + 1}: ${text.trim()}`] : []));
}
