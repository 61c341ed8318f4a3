/** Converts keys from Postgres' snake_case to the API's camelCase; values, field names included, stay. */
export function camelKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelKeys);
  if (typeof value !== "object" || value === null) return value;
  const converted: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const inner = (value as Record<string, unknown>)[key];
    converted[camelKey(key)] = typeof inner === "object" ? camelKeys(inner) : inner;
  }
  return converted;
}

/** Keys are few and names of our functions choose them, except in documents of users. */
const MOST_KEYS = 1_000;
const known = new Map<string, string>();

function camelKey(key: string): string {
  const found = known.get(key);
  if (found !== undefined) return found;
  const converted = key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
  if (known.size < MOST_KEYS) known.set(key, converted);
  return converted;
}
