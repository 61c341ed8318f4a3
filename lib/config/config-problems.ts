/** Finds every problem of a config at once. */
import { configSchema, found, isCurrency } from "./config-schema";
import { currencyDecimals, type Money, minorUnits } from "./money";
import { NAME, nearestName } from "./names";
import { INTERVALS } from "./terms";

interface Problem {
  path: string;
  message: string;
}

type Entries = Readonly<Record<string, unknown>>;

/** One line per problem, sorted by path: `products.notely.plans.pro.limits.note: there is no such meter. Did you mean notes?` */
export function configProblems(input: unknown): string[] {
  const problems = [...shapeProblems(input), ...productProblems(input)];
  return problems
    .sort((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)))
    .map(({ path, message }) => `${path || "config"}: ${message}`);
}

function shapeProblems(input: unknown): Problem[] {
  const { error } = configSchema.safeParse(input);
  return (error?.issues ?? []).map((issue) => {
    const path = issue.path.join(".");
    const known: unknown = issue.code === "custom" ? issue.params?.knownNames : undefined;
    if (!Array.isArray(known)) return { path, message: issue.message };
    return { path, message: issue.message + suggestion(String(issue.path.at(-1)), known) };
  });
}

/** " Did you mean notes?", or the valid names if none is near. */
function suggestion(wrong: string, valid: readonly string[]): string {
  const nearest = nearestName(wrong, valid);
  if (nearest !== undefined) return `. Did you mean ${nearest}?`;
  return valid.length === 0 ? "." : `. There are ${valid.join(", ")}.`;
}

/** The rules across entries. The input may have any form; `shapeProblems` reports that. */
function productProblems(input: unknown): Problem[] {
  const config = entriesOf(input);
  const currency = typeof config.currency === "string" ? config.currency.toLowerCase() : "usd";
  const products = Object.entries(entriesOf(config.products));
  const seen: Seen = { owners: new Map(), tables: new Map() };
  return [
    ...(isCurrency(currency) ? [] : [{ path: "currency", message: unknownCurrency(currency) }]),
    ...nameProblems("products", config.products),
    ...(config.products !== undefined && products.length === 0
      ? [{ path: "products", message: "expected at least one product" }]
      : []),
    ...products.flatMap(([id, product]) => [
      ...meterProblems(id, entriesOf(product).meters, seen),
      ...planProblems(`products.${id}.plans`, entriesOf(product), currency),
    ]),
  ];
}

function entriesOf(value: unknown): Entries {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Entries) : {};
}

function nameProblems(path: string, entries: unknown): Problem[] {
  return Object.keys(entriesOf(entries))
    .filter((name) => !NAME.test(name))
    .map((name) => ({
      path: `${path}.${name}`,
      message: "expected a name of lower-case letters, digits and underscores that begins with a letter",
    }));
}

interface Seen {
  /** The product of each meter so far. */
  owners: Map<string, string>;
  /** The path of the gauge that counts each table so far. */
  tables: Map<unknown, string>;
}

/** @param seen the products before this one; added to */
function meterProblems(productId: string, meters: unknown, { owners, tables }: Seen): Problem[] {
  const path = `products.${productId}.meters`;
  return [
    ...nameProblems(path, meters),
    ...Object.entries(entriesOf(meters)).flatMap(([field, meter]) => {
      const owner = owners.get(field);
      owners.set(field, productId);
      return [
        ...(owner === undefined ? [] : [`products.${owner} has a meter of this name`]),
        ...tableProblems(entriesOf(meter)),
        ...secondTableProblems(entriesOf(meter).table, `${path}.${field}`, tables),
      ].map((message) => ({ path: `${path}.${field}`, message }));
    }),
  ];
}

function tableProblems({ kind, table, subject }: Entries): string[] {
  if (table === undefined && subject === undefined) return [];
  if (kind === "counter") return ["only a gauge has a table and a subject"];
  if (subject === undefined) return ["a gauge with a table needs its subject, the column with the user's id"];
  return table === undefined ? ["a gauge with a subject needs its table"] : [];
}

/** Two gauges that count the same rows would both refuse the next one. */
function secondTableProblems(table: unknown, path: string, tables: Map<unknown, string>): string[] {
  if (table === undefined) return [];
  const other = tables.get(table);
  tables.set(table, path);
  return other === undefined ? [] : [`${other} counts this table already`];
}

function planProblems(path: string, { meters, plans }: Entries, currency: string): Problem[] {
  const all = Object.entries(entriesOf(plans)).map(([id, plan]) => ({ id, plan: entriesOf(plan) }));
  return [
    ...nameProblems(path, plans),
    ...rankProblems(all.map(({ plan }) => plan)).map((message) => ({ path, message })),
    ...all.flatMap(({ id, plan }) => [
      ...limitProblems(`${path}.${id}.limits`, plan.limits, Object.keys(entriesOf(meters))),
      ...priceProblems(`${path}.${id}.price`, plan, currency),
    ]),
  ];
}

function limitProblems(path: string, limits: unknown, fields: readonly string[]): Problem[] {
  return Object.keys(entriesOf(limits))
    .filter((field) => !fields.includes(field))
    .map((field) => ({ path: `${path}.${field}`, message: `there is no such meter${suggestion(field, fields)}` }));
}

function rankProblems(plans: readonly Entries[]): string[] {
  if (plans.length === 0) return ["expected at least one plan"];
  const ranks = plans.map(({ rank }) => rank).filter((rank) => rank !== undefined);
  if (ranks.length === 0) return plans.some(isFree) ? [] : ["no plan is free: one plan has no price, or the rank 0"];
  if (ranks.length < plans.length) return ["some plans have a rank and others have none"];
  const free = ranks.filter((rank) => rank === 0).length;
  return [
    ...(free === 1 ? [] : [`exactly one plan has rank 0, the free one; there are ${free}`]),
    ...(new Set(ranks).size === ranks.length ? [] : ["two plans have the same rank"]),
  ];
}

/** Whether a plan without a rank can be the free one. */
export function isFree({ price }: { readonly price?: unknown }): boolean {
  const { monthly } = entriesOf(price);
  return price === undefined || monthly === 0 || entriesOf(monthly).value === 0;
}

function priceProblems(path: string, { price, rank }: Entries, currency: string): Problem[] {
  return INTERVALS.flatMap((interval) => {
    if (rank === 0 && isPositive(entriesOf(price)[interval]))
      return [{ path: `${path}.${interval}`, message: "the plan of rank 0 is free and has no price" }];
    const amount = entriesOf(price)[interval];
    const { value, currency: own } = entriesOf(amount);
    if (typeof value !== "number" || typeof own !== "string" || !isCurrency(currency)) return [];
    const message = amountProblem({ value, currency: own }, currency);
    return message === null ? [] : [{ path: `${path}.${interval}`, message }];
  });
}

function isPositive(amount: unknown): boolean {
  return typeof amount === "number" ? amount > 0 : Number(entriesOf(amount).value ?? 0) > 0;
}

function amountProblem(amount: Money, currency: string): string | null {
  const text = `${found(amount.value)} ${amount.currency}`;
  if (!isCurrency(amount.currency)) return unknownCurrency(amount.currency);
  if (amount.currency !== currency)
    return `expected ${currency}, the config's currency, found ${text}. To sell in it, set currency: "${amount.currency}".`;
  if (minorUnits(amount) !== undefined) return null;
  return `expected an amount of at least 0 with at most ${currencyDecimals(currency)} decimals, found ${text}`;
}

function unknownCurrency(currency: string): string {
  const nearest = nearestName(currency, COMMON_CURRENCIES);
  return `there is no currency ${currency}.${nearest === undefined ? "" : ` Did you mean ${nearest}?`}`;
}

/** Only these are suggested: three letters are near to many codes. */
const COMMON_CURRENCIES = ["usd", "eur", "gbp", "jpy", "cad", "aud", "chf", "sek", "inr", "brl"];
