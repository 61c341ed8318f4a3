/** Changes to an event that keep it JSON, in most cases, and that no processor sends. */
import { HANDLERS } from "@/lib/processors/stripe/normalize";
import type { Random } from "./random";

type Tree = Record<string, unknown>;
type Place = [parent: Tree, key: string];

const STRINGS = [
  "",
  " ",
  "\u0000",
  "a\u0000b",
  "\ud800",
  "\udfff\ud800",
  "\uffff",
  "\u202etxt.exe",
  "e\u0301\u0327".repeat(40),
  "👩‍👩‍👧‍👦",
  "'; drop table webhook_events; --",
  "__proto__",
  "constructor",
  "x".repeat(70_000),
  "1",
  "true",
  "2026-03-01T10:00:00Z",
];
const VALUES = [null, true, false, 0, -1, 0.5, 2 ** 31, 2 ** 53, -(2 ** 53), 1e300, {}, [], [null], [[]], { id: {} }];
/** Numbers that only JSON text can express. */
const NUMBERS = ["1e400", "-1e400", "-0", "9007199254740993", "123456789012345678901234567890", "1e-400", "0.1e1"];
const KEYS = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "", "\u0000", "\ud800", "id", "0"];
const STATUSES = ["trialing", "active", "past_due", "unpaid", "incomplete", "incomplete_expired", "paused", "canceled"];

/** A placeholder for JSON text that no value produces; `written` replaces it. */
const raw = (text: string) => `@@raw:${text}@@`;
const nested = (depth: number, [open, close]: readonly [string, string]) => open.repeat(depth) + close.repeat(depth);

/** Fields that the code reads: half of the changes affect them. */
const READ = new Set(
  (
    "id type created livemode customer subscription metadata user_id status items data price plan quantity amount " +
    "current_period_start current_period_end cancel_at cancel_at_period_end trial_end pause_collection lines period " +
    "start end proration parent pricing price_details subscription_details subscription_item_details billing_reason " +
    "total amount_due amount_paid starting_balance ending_balance has_more previous_attributes amount_refunded currency"
  ).split(" "),
);

type Change = (place: Place, random: Random, places: readonly Place[]) => void;

const CHANGES: Record<string, Change> = {
  value: ([parent, key], { pick }) => set(parent, key, pick(VALUES)),
  text: ([parent, key], { pick }) => set(parent, key, pick(STRINGS)),
  number: ([parent, key], { pick }) => set(parent, key, raw(pick(NUMBERS))),
  missing: ([parent, key]) => delete parent[key],
  wrapped: ([parent, key], { pick }) => set(parent, key, pick([[parent[key]], { id: parent[key] }])),
  key: ([parent], { pick }) => set(parent, pick(KEYS), pick([...VALUES, ...STRINGS])),
  deep: ([parent, key], { pick }) =>
    set(parent, key, raw(nested(pick([5, 50, 58, 65, 5_000]), pick([["[", "]"] as const, ['{"a":', "}"] as const])))),
  swapped: ([parent, key], { pick }, places) => {
    const [other, otherKey] = pick(places);
    const value = parent[key];
    set(parent, key, other[otherKey]);
    set(other, otherKey, value);
  },
  many: ([parent, key], { pick }) => {
    const value = parent[key];
    set(
      parent,
      key,
      Array.from({ length: pick([2, 11, 300]) }, () => value),
    );
  },
  moved: ([parent, key], { below }) => {
    if (typeof parent[key] === "number") set(parent, key, parent[key] + (below(3) - 1) * 10 ** below(14));
  },
  status: ([parent, key], { pick }, places) => {
    const [found, name] = places.find(([, other]) => other === "status") ?? [parent, key];
    set(found, name, pick(STATUSES));
  },
};

/** The event with up to three changes, as text. */
export function changedEvent(event: Tree, random: Random): string {
  const copy = structuredClone(event);
  if (random.chance(0.1)) copy.type = random.pick(Object.keys(HANDLERS));
  for (let changes = random.below(4); changes > 0; changes--) {
    const places = placesIn(copy);
    if (places.length === 0) break;
    const read = places.filter(([, key]) => READ.has(key));
    const place = random.pick(read.length > 0 && random.chance(0.5) ? read : places);
    CHANGES[random.pick(Object.keys(CHANGES))]?.(place, random, places);
  }
  return written(copy, random);
}

function set(parent: Tree, key: string, value: unknown): void {
  // Not an assignment, which would change the prototype instead.
  Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true });
}

function placesIn(value: unknown, depth = 0): Place[] {
  if (typeof value !== "object" || value === null || depth > 12) return [];
  const tree = value as Tree;
  return Object.keys(tree).flatMap((key): Place[] => [[tree, key], ...placesIn(tree[key], depth + 1)]);
}

/** As JSON; sometimes with duplicate keys. Cyclic values stay unchanged. */
function written(event: Tree, { chance, pick }: Random): string {
  let text: string;
  try {
    text = JSON.stringify(event).replace(/"@@raw:(.*?)@@"/g, (_, inner: string) => inner.replaceAll('\\"', '"'));
  } catch {
    return '{"id":"evt_cycle","type":"invoice.paid"}';
  }
  if (!chance(0.1)) return text;
  const twice = pick([
    '"id":"evt_twice",',
    '"type":"invoice.paid",',
    '"status":null,',
    '"__proto__":{"id":1},',
    '"a":1,',
  ]);
  const holes = [...text.matchAll(/\{(?=")/g)].map(({ index }) => index + 1);
  const hole = pick([1, ...holes]);
  return text.slice(0, hole) + twice + text.slice(hole);
}
