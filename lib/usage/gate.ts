/**
 * The gate answers whether a user may do something now, and counts it. Postgres functions keep the limits exact; the
 * micro-batcher sends calls that arrive together in one statement.
 */

import type { Reservation, Settlement, Verdict } from "@/lib/billing/schemas/usage-view";
import type { CounterName } from "@/lib/config/register";
import { log } from "@/lib/core/observability";
import { parse } from "@/lib/core/parse";
import { singleton } from "@/lib/core/singleton";
import { DatabaseError, type Gateway, gateway, type OrderedCharge } from "@/lib/database";
import { aggregate, distribute } from "./batch";
import { type GateObserver, metricsObserver, nullObserver, type Operation, observe } from "./gate-observer";
import { microBatcher } from "./micro-batcher";
import { type ChargeRequest, chargeRequest, releaseRequest, reserveRequest, settleRequest } from "./requests";

/** The options of every charge. */
interface ChargeOptions {
  /**
   * While its charge is in effect in full, a retry with the same key gets the first allowed verdict again and is not
   * charged again. If any of the charge was given back, the key is free: the call is evaluated and charged like a new one.
   * Kept for 48 hours.
   */
  idempotencyKey?: string | undefined;
}

interface ConsumeOptions extends ChargeOptions {
  /**
   * The signed-in user chose the key. Sessions and services have separate keys. A session that sends a service's
   * key does not turn the service's call into a retry. A release with `of` does not find the session's charge.
   */
  bySession?: boolean | undefined;
}

/** An amount of one counter, in whole units; 1 if absent. */
export interface Charge {
  field: CounterName;
  amount?: number | undefined;
}

/**
 * A gate over one gateway, which it gets at the first call. Every method throws DomainError `bad_input` with the field,
 * and DatabaseError. The DatabaseError is `conflict` for a key whose charge in effect was another request. It is
 * `unavailable` if the database does not answer in time.
 */
export class Gate {
  private readonly evaluate: (request: ChargeRequest) => Promise<Verdict[]>;

  constructor(
    private readonly database: () => Gateway,
    private readonly observer: GateObserver,
  ) {
    this.evaluate = microBatcher<ChargeRequest, Verdict[]>({
      ownerOf: ({ userId }) => userId,
      async batch(calls) {
        const batch = aggregate(calls);
        return distribute(batch, await database().consumeBatch(batch.sums));
      },
      sequential: (calls) => database().consumeSequential(calls.flatMap(orderedCharges)),
      onSend: observer.sent,
    });
  }

  /** Charges several counters of one product, all or nothing; one verdict per charge, in their order. */
  async consumeTogether(
    userId: string,
    charges: readonly Charge[],
    { idempotencyKey, bySession }: ConsumeOptions = {},
  ): Promise<Verdict[]> {
    const request = parse(chargeRequest, { userId, charges, idempotencyKey, bySession });
    try {
      return await observe(
        this.observer,
        "consume",
        () => this.evaluate(request),
        (verdicts) => verdicts,
      );
    } catch (error) {
      if (error instanceof DatabaseError && (error.problem === "unavailable" || error.problem === "broken"))
        log.error(
          { userId, charges, code: error.code, error: String(error) },
          "[Usage] Failed to check and increment usage",
        );
      throw error;
    }
  }

  /** Counts `amount` whole units of a counter if the limit allows it. Returns the verdict in both cases. */
  async consume(userId: string, field: CounterName, amount = 1, options?: ConsumeOptions): Promise<Verdict> {
    const [verdict] = await this.consumeTogether(userId, [{ field, amount }], options);
    return verdict as Verdict;
  }

  /**
   * Gives back the usage of failed work; never below 0. The keys of the charges that it gives back become free.
   * @param options `of`: a service's consume key; its charge is given back, in the window of that charge. Without `of` the
   *   latest charges of the current window are given back. `idempotencyKey`: a retry gives nothing back a second time
   */
  async release(
    userId: string,
    field: CounterName,
    amount = 1,
    { of, idempotencyKey }: ChargeOptions & { of?: string | undefined } = {},
  ) {
    const input = parse(releaseRequest, { userId, field, amount, of, idempotencyKey });
    return this.observeOne("release", () =>
      this.database().release(input.userId, input.field, input.amount, input.of, input.idempotencyKey),
    );
  }

  /**
   * Reserves an amount for work whose cost is known only afterwards. `reservationId` is null if the limit refuses. A retry
   * with the same key gets the same reservation; if it was settled, `settled` is its amount. The key is free when the
   * reservation has expired, was settled to 0, or was given back in part.
   * @param ttlSeconds the time until the reservation expires, at most a day
   */
  async reserve(
    userId: string,
    field: CounterName,
    amount: number,
    { ttlSeconds, idempotencyKey }: ChargeOptions & { ttlSeconds: number },
  ): Promise<Reservation> {
    const input = parse(reserveRequest, { userId, field, amount, ttlSeconds, idempotencyKey });
    return this.observeOne("reserve", () =>
      this.database().reserve(input.userId, input.field, input.amount, input.ttlSeconds, input.idempotencyKey),
    );
  }

  /**
   * Charges the used amount and gives the rest back; 0 gives all back. More than was reserved is charged up to the limit.
   * A retry with the same amount gets the same answer; another amount is a conflict.
   * @throws DatabaseError `not_found` for a reservation that is not this user's
   */
  async settle(userId: string, reservationId: string, amount: number): Promise<Settlement> {
    const input = parse(settleRequest, { userId, reservationId, amount });
    return this.observeOne("settle", () => this.database().settle(input.userId, input.reservationId, input.amount));
  }

  private observeOne<Answer extends Verdict>(operation: Operation, call: () => Promise<Answer>): Promise<Answer> {
    return observe(this.observer, operation, call, (verdict) => [verdict]);
  }
}

/** A gate; without an observer it records nothing. */
export function createGate(database: () => Gateway, observer: GateObserver = nullObserver): Gate {
  return new Gate(database, observer);
}

function orderedCharges({ userId, charges, idempotencyKey, bySession }: ChargeRequest, call: number): OrderedCharge[] {
  return charges.map(({ field, amount }) => ({ call, userId, field, amount, key: idempotencyKey ?? null, bySession }));
}

/** The process's gate: all routes share one micro-batcher. */
export const gate: Gate = singleton("gate", () => createGate(gateway, metricsObserver));
