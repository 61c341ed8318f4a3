import { isPlainObject } from "../envelope";

/**
 * The object before the event: Stripe's `previous_attributes` merged into the present object.
 *
 * Hashes contain only their changed keys and are merged. Other values, arrays included, replace the present ones.
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
