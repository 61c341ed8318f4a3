/** Meters in a config: `counter("message", "messages")`, `gauge("note", "notes")`. */
import type { Meter } from "./catalog";
import { capitalized } from "./names";

export interface CounterOptions {
  /** The name on pages; the plural by default. */
  label?: string;
}

export interface GaugeOptions extends CounterOptions {
  /** The page on which users see and delete the things: `/projects`. */
  page?: string;
  /** The table whose rows the gauge counts: `public.notes`. Needs `subject`. */
  table?: string;
  /** The table's column that contains the user's id: `owner_id`. */
  subject?: string;
}

export type Counter = Meter & { kind: "counter" };
export type Gauge = Meter & { kind: "gauge" };

/**
 * A meter that grows with use and resets with its window.
 * @param one the noun for one unit: "AI summary"
 * @param many the noun for several: "AI summaries"
 */
export function counter(one: string, many: string, options: CounterOptions = {}): Counter {
  return { kind: "counter", ...names(one, many), ...options };
}

/**
 * A meter that equals the number of existing things and never resets.
 * @param one the noun for one thing: "note"
 * @param many the noun for several: "notes"
 */
export function gauge(one: string, many: string, options: GaugeOptions = {}): Gauge {
  return { kind: "gauge", ...names(one, many), ...options };
}

function names(one: string, many: string): Pick<Meter, "label" | "unit"> {
  return { label: typeof many === "string" ? capitalized(many) : many, unit: { one, many } };
}
