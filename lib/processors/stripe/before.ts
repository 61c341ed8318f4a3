import { isPlainObject } from "../envelope";

/**
 * The object as it was before the event: Stripe's `previous_attributes` laid over the object as it is now.
 *
 * Hashes hold their changed keys only and are merged; everything else, arrays above all, is whole and old.
 */
export function objectBefore(
  current: Record<string, unknown>,
  previous: Record<string, unknown>,
): Record<string, unknown> {
  const merged = Object.entries(previous).map(([key, old]): [string, unknown] => {
    const now = Object.hasOwn(current, key) ? current[key] : undefined;
    return [key, isPlainObject(old) && isPlainObject(now) ? objectBefore(now, old) : old];
  });
  return Object.fromEntries([...Object.entries(current), ...merged]);
}
