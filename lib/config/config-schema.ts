/** The form of a config as a zod schema. Each message names the expected and the found value. */
import { z } from "zod";
import { IDENTITY_PROVIDERS } from "./identify";
import { currencies } from "./money";
import { CADENCES } from "./terms";

/** A value by its kind and content: `"14"`, `-1`, `an array`. */
export function found(value: unknown): string {
  if (typeof value === "string" || value === null) return JSON.stringify(value).slice(0, 60);
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  return typeof value === "function" ? "a function" : String(value);
}

const expected = (what: string) => ({
  error: ({ input }: { input?: unknown }) =>
    input === undefined ? `is missing: expected ${what}` : `expected ${what}, found ${found(input)}`,
});

/** An object without other keys. `knownNames` of an unknown key's issue lists the valid ones. */
function settings<S extends z.ZodRawShape>(shape: S) {
  const unknown = z.custom<never>((value) => value === undefined, {
    error: "there is no such setting",
    params: { knownNames: Object.keys(shape) },
  });
  return z.object(shape, expected("an object")).catchall(unknown);
}

const byName = <T extends z.ZodType>(value: T) => z.record(z.string(), value, expected("an object"));

const text = z.string(expected("a text")).min(1, expected("a text"));
const boolean = z.boolean(expected("true or false"));
const count = z.int(expected("a whole number of at least 0")).min(0, expected("a whole number of at least 0"));
const positive = z.int(expected("a whole number of at least 1")).min(1, expected("a whole number of at least 1"));

const matching = (pattern: RegExp, what: string) => z.string(expected(what)).regex(pattern, expected(what));
const path = matching(/^\/(?:[\w.~-]+(?:\/[\w.~-]+)*)?$/, "a path such as /billing, without a slash at its end");
const address = matching(/^(?:\/(?![/\\])|https:\/\/[^\s/])\S*$/, "a path or an https address");

const isMoney = (value: unknown) =>
  typeof value === "object" &&
  value !== null &&
  "value" in value &&
  typeof value.value === "number" &&
  "currency" in value &&
  typeof value.currency === "string";

/** An amount, whose currency and decimals are checked with the config's, or minor units. */
const price = z.custom(
  (value) =>
    value === undefined || value === null || isMoney(value) || (Number.isSafeInteger(value) && (value as number) >= 0),
  expected("an amount such as usd(12), or a whole number of minor units"),
);

const meter = settings({
  kind: z.enum(["counter", "gauge"], expected('"counter" or "gauge"')),
  label: text,
  unit: settings({ one: text, many: text }),
  page: address.optional(),
  table: matching(
    /^[A-Za-z_][\w$-]{0,62}\.[A-Za-z_][\w$-]{0,62}$/,
    "a table with its schema, such as public.notes",
  ).optional(),
  subject: matching(/^[A-Za-z_][\w$-]{0,62}$/, "a column such as owner_id").optional(),
});

const plan = settings({
  name: text.optional(),
  rank: count.optional(),
  price: settings({ monthly: price.optional(), yearly: price.optional() }).optional(),
  cadence: z.enum(CADENCES, expected(CADENCES.map((each) => `"${each}"`).join(" or "))).optional(),
  perQuantity: boolean.optional(),
  limits: byName(count),
});

const product = settings({
  name: text.optional(),
  tagline: z.string(expected("a text")).optional(),
  trialDays: positive.optional(),
  meters: byName(meter),
  plans: byName(plan),
});

const isPreset = (value: unknown) =>
  typeof value === "object" &&
  value !== null &&
  "provider" in value &&
  IDENTITY_PROVIDERS.some((provider) => provider === value.provider);

const paths = settings({
  home: path.optional(),
  signIn: path.optional(),
  signUp: path.optional(),
  signOut: path.optional(),
  confirm: path.optional(),
  account: path.optional(),
  billing: path.optional(),
  usage: path.optional(),
  pricing: path.optional(),
  checkout: path.optional(),
  admin: path.optional(),
  sandbox: path.optional(),
  api: path.optional(),
});

export const configSchema = settings({
  identify: z
    .custom(
      (value) => value === null || value === undefined || typeof value === "function" || isPreset(value),
      expected("clerk(), supabase(), local() or a function"),
    )
    .optional(),
  brand: settings({
    name: text,
    logo: address.optional(),
    supportEmail: z.email(expected("an e-mail address")).optional(),
  }).optional(),
  paths: paths.optional(),
  navigation: z.array(settings({ href: address, name: text }), expected("an array")).optional(),
  locale: z
    .string(expected("a language such as en-GB"))
    .refine(isLocale, expected("a language such as en-GB"))
    .optional(),
  currency: z.string(expected("a currency such as usd")).optional(),
  sales: settings({
    automaticTax: boolean.optional(),
    taxIds: boolean.optional(),
    promotionCodes: boolean.optional(),
  }).optional(),
  products: byName(product),
});

function isLocale(value: string): boolean {
  try {
    return Intl.NumberFormat.supportedLocalesOf(value).length > 0;
  } catch {
    return false;
  }
}

export function isCurrency(value: string): boolean {
  return currencies().includes(value);
}
