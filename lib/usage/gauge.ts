/**
 * Gauges: the numbers of things that exist. The owner of the things reports them, before it creates one or after it has
 * deleted one. `add_to_gauge` and `set_gauge` do the same in SQL, in one transaction with the things themselves.
 */
import type { Verdict } from "@/lib/billing/schemas/usage-view";
import type { GaugeName } from "@/lib/config/register";
import { parse } from "@/lib/core/parse";
import { singleton } from "@/lib/core/singleton";
import { type Gateway, gateway } from "@/lib/database";
import { type GateObserver, metricsObserver, nullObserver, observe } from "./gate-observer";
import { type GaugeRequest, gaugeRequest } from "./requests";

interface GaugeOptions {
  /** A retry with the same key gets the first allowed verdict again and changes nothing, for 48 hours. */
  key?: string | undefined;
}

/**
 * Gauges over one gateway, which it gets at the first call. Every method throws DomainError `bad_input` with the field
 * (reason `field_is_counter`), and DatabaseError: `conflict` for a key of another request, `unavailable` if the database does
 * not answer in time.
 */
export class Gauge {
  constructor(
    private readonly database: () => Gateway,
    private readonly observer: GateObserver,
  ) {}

  /**
   * Sets the number of things. Refused above the limit, unless the number does not grow.
   * @param value whole things, 0 or more
   */
  set(userId: string, field: GaugeName, value: number, { key }: GaugeOptions = {}): Promise<Verdict> {
    return this.change({ userId, field, set: value, idempotencyKey: key });
  }

  /**
   * Adds things, or removes them if `delta` is negative. More things than the limit allows are refused; a removal never is. The
   * number never falls below 0.
   */
  add(userId: string, field: GaugeName, delta: number, { key }: GaugeOptions = {}): Promise<Verdict> {
    return this.change({ userId, field, add: delta, idempotencyKey: key });
  }

  /** One change in the form of `POST /api/usage/gauge`. */
  async change(request: GaugeRequest): Promise<Verdict> {
    const { userId, field, set, add, idempotencyKey } = parse(gaugeRequest, request);
    const write = () =>
      set === undefined
        ? this.database().addToGauge(userId, field, add as number, idempotencyKey)
        : this.database().setGauge(userId, field, set, idempotencyKey);
    return observe(this.observer, "gauge", write, (verdict) => [verdict]);
  }
}

/** Gauges; without an observer they record nothing. */
export function createGauge(database: () => Gateway, observer: GateObserver = nullObserver): Gauge {
  return new Gauge(database, observer);
}

/** The process's gauges. */
export const gauge: Gauge = singleton("gauge", () => createGauge(gateway, metricsObserver));
