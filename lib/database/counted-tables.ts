/** The tables of an installation whose rows gauges count: opens them to the app's roles and checks that they can be counted. */
import type { Catalog } from "@/lib/config/catalog";
import { withClient } from "./migrate";

interface Problem {
  field: string;
  /** The entry of the meter that has the problem. */
  entry: "table" | "subject";
  problem: string;
}

/**
 * Connects as the owner of the tables, after `migrate`. Returns one line per gauge whose table cannot be counted, with the path
 * of its entry in the config.
 */
export async function openCountedTables(url: string, { products }: Catalog): Promise<string[]> {
  const found = await withClient(url, async (client) => {
    const { rows } = await client.query<{ problems: Problem[] }>("select tollgate.open_counted_tables() as problems");
    return rows[0]?.problems ?? [];
  });
  return found.map(({ field, entry, problem }) => {
    const product = Object.keys(products).find((id) => products[id]?.meters[field] !== undefined);
    return `products.${product}.meters.${field}.${entry}: ${problem}`;
  });
}

/**
 * `openCountedTables` for a database that must be complete.
 * @throws Error that names each entry of the config
 */
export async function requireCountedTables(url: string, catalog: Catalog): Promise<void> {
  const problems = await openCountedTables(url, catalog);
  if (problems.length === 0) return;
  throw new Error(
    `Gauges of tollgate.config.ts cannot count their tables. Correct this, then migrate again.\n${problems.join("\n")}`,
  );
}
