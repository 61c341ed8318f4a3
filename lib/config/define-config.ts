/** Checks a config when it is loaded, so that a wrong name fails the start and not a customer's request. */
import { z } from "zod";
import type { Catalog, Product } from "./catalog";

const id = z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, "is a name of lower-case letters, digits and underscores");
const text = z.string().min(1);
const count = z.int().min(0);

const IDENTIFIER = "[A-Za-z_][A-Za-z0-9_$-]{0,62}";

const meter = z.strictObject({
  kind: z.enum(["counter", "gauge"]),
  label: text,
  unit: z.strictObject({ one: text, many: text }),
  table: z
    .string()
    .regex(new RegExp(`^${IDENTIFIER}\\.${IDENTIFIER}$`), "is a table with its schema, as public.notes")
    .optional(),
  subject: z
    .string()
    .regex(new RegExp(`^${IDENTIFIER}$`), "is the name of a column")
    .optional(),
});

const plan = z.strictObject({
  name: text,
  rank: count,
  price: z.strictObject({ monthly: count.nullable(), yearly: count.nullable() }),
  cadence: z.enum(["daily", "monthly", "billing_period"]),
  perQuantity: z.boolean().optional(),
  limits: z.record(id, count),
});

const product = z.strictObject({
  name: text,
  tagline: z.string(),
  trialDays: z.int().min(1).optional(),
  meters: z.record(id, meter),
  plans: z.record(id, plan),
});

const config = z.strictObject({
  products: z.record(id, product),
  sales: z.strictObject({ automaticTax: z.boolean(), taxIds: z.boolean(), promotionCodes: z.boolean() }),
});

/**
 * The config with its literal types.
 * @throws Error that names each wrong entry by its path
 */
export function defineConfig<const C extends Catalog>(input: C): C {
  const parsed = config.safeParse(input);
  const problems = parsed.success
    ? problemsOf(input)
    : parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  if (problems.length > 0) throw new Error(`The config is wrong.\n${problems.join("\n")}`);
  return input;
}

function problemsOf({ products }: Catalog): string[] {
  const owners = new Map<string, string>();
  const counted = new Map<string, string>();
  return Object.entries(products).flatMap(([productId, each]) => [
    ...problemsOfMeters(productId, each, owners),
    ...problemsOfTables(productId, each, counted),
    ...problemsOfPlans(productId, each),
  ]);
}

/** @param counted the path of the gauge that counts each table so far; added to */
function problemsOfTables(productId: string, { meters }: Product, counted: Map<string, string>): string[] {
  return Object.entries(meters).flatMap(([field, { kind, table, subject }]) => {
    const at = `products.${productId}.meters.${field}`;
    if (table === undefined)
      return subject === undefined ? [] : [`${at}.subject: is a column of a table, and table is missing`];
    if (kind === "counter") return [`${at}.table: only a gauge counts the rows of a table`];
    if (subject === undefined) return [`${at}.subject: is missing: the column of ${table} that has the user's id`];
    const other = counted.get(table);
    counted.set(table, at);
    return other === undefined ? [] : [`${at}.table: ${other} counts this table already`];
  });
}

/** @param owners the product of each meter so far; added to */
function problemsOfMeters(productId: string, { meters }: Product, owners: Map<string, string>): string[] {
  return Object.keys(meters).flatMap((field) => {
    const owner = owners.get(field);
    owners.set(field, productId);
    return owner === undefined
      ? []
      : [`products.${productId}.meters.${field}: products.${owner} has a meter of this name`];
  });
}

function problemsOfPlans(productId: string, { meters, plans }: Product): string[] {
  const ranks = Object.values(plans).map(({ rank }) => rank);
  const free = ranks.filter((rank) => rank === 0).length;
  const at = `products.${productId}.plans`;
  return [
    ...(free === 1 ? [] : [`${at}: exactly one plan has rank 0, the free one; there are ${free}`]),
    ...(new Set(ranks).size === ranks.length ? [] : [`${at}: two plans have the same rank`]),
    ...Object.entries(plans).flatMap(([planId, { limits }]) =>
      Object.keys(limits)
        .filter((field) => !Object.hasOwn(meters, field))
        .map(
          (field) =>
            `${at}.${planId}.limits.${field}: there is no such meter; there are ${Object.keys(meters).join(", ")}`,
        ),
    ),
  ];
}
