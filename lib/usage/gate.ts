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
import { type GateObserver, measured, type Operation, observed, unobserved } from "./gate-observer";
import { microBatcher } from "./micro-batcher";
import { type ChargeRequest, chargeRequest, releaseRequest, reserveRequest, settleRequest } from "./requests";

/** What a charge may carry beside its field and amount. */
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
   * The signed-in user chose the key. Such keys are apart from a service's: a session that sends a service's key does not
   * turn the service's call into a retry, and `release of` does not find the session's charge.
   */
  bySession?: boolean | undefined;
}

/** An amount of one counter, in whole units; 1 if absent. */
export interface Charge {
  field: CounterName;
  amount?: number | undefined;
}

export type Gate = ReturnType<typeof createGate>;

/**
 * A gate over one gateway, which it gets at the first call. Every method throws DomainError `bad_input` with the field, and
 * DatabaseError: `conflict` for a key whose charge in effect was another request, `unavailable` if the database
 * does not answer in time.
 */
export function createGate(database: () => Gateway, observer: GateObserver = unobserved) {
  const evaluate = microBatcher<ChargeRequest, Verdict[]>({
    ownerOf: ({ userId }) => userId,
    async batch(calls) {
      const batch = aggregate(calls);
      return distribute(batch, await database().consumeBatch(batch.sums));
    },
    sequential: (calls) => database().consumeSequential(calls.flatMap(inOrder)),
    onSend: observer.sent,
  });
  const single = <Answer extends Verdict>(operation: Operation, call: () => Promise<Answer>) =>
    observed(observer, operation, call, (verdict) => [verdict]);

  /** Charges several counters of one product, all or nothing; one verdict per charge, in their order. */
  async function consumeTogether(
    userId: string,
    charges: readonly Charge[],
    { idempotencyKey, bySession }: ConsumeOptions = {},
  ): Promise<Verdict[]> {
    const request = parse(chargeRequest, { userId, charges, idempotencyKey, bySession });
    try {
      return await observed(
        observer,
        "consume",
        () => evaluate(request),
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

  return {
    consumeTogether,

    /** Counts `amount` whole units of a counter if the limit allows it; answers the verdict in both cases. */
    async consume(userId: string, field: CounterName, amount = 1, options?: ConsumeOptions): Promise<Verdict> {
      const [verdict] = await consumeTogether(userId, [{ field, amount }], options);
      return verdict as Verdict;
    },

    /**
     * Gives back the usage of failed work; never below 0. The keys of the charges that it gives back become free.
     * @param options `of`: a service's consume key; its charge is given back, in the window of that charge. Without it the latest
     *   charges of the current window are given back. `idempotencyKey`: a retry gives back once
     */
    async release(
      userId: string,
      field: CounterName,
      amount = 1,
      { of, idempotencyKey }: ChargeOptions & { of?: string | undefined } = {},
    ) {
      const release = parse(releaseRequest, { userId, field, amount, of, idempotencyKey });
      return single("release", () =>
        database().release(release.userId, release.field, release.amount, release.of, release.idempotencyKey),
      );
    },

    /**
     * Holds an amount for work whose cost is known only afterwards. `reservationId` is null if the limit refuses. A retry
     * with the same key gets the same reservation, and in `settled` what it was settled to. The key is free once the
     * reservation has expired, was settled to 0, or was given back in part.
     * @param ttlSeconds when it ends by itself, at most a day
     */
    async reserve(
      userId: string,
      field: CounterName,
      amount: number,
      { ttlSeconds, idempotencyKey }: ChargeOptions & { ttlSeconds: number },
    ): Promise<Reservation> {
      const hold = parse(reserveRequest, { userId, field, amount, ttlSeconds, idempotencyKey });
      return single("reserve", () =>
        database().reserve(hold.userId, hold.field, hold.amount, hold.ttlSeconds, hold.idempotencyKey),
      );
    },

    /**
     * Charges the used amount and gives the rest back; 0 gives all back. More than was reserved is charged up to the limit.
     * A retry with the same amount gets the same answer; another amount is a conflict.
     * @throws DatabaseError `not_found` for a reservation that is not this user's
     */
    async settle(userId: string, reservationId: string, amount: number): Promise<Settlement> {
      const settling = parse(settleRequest, { userId, reservationId, amount });
      return single("settle", () => database().settle(settling.userId, settling.reservationId, settling.amount));
    },
  };
}

function inOrder({ userId, charges, idempotencyKey, bySession }: ChargeRequest, call: number): OrderedCharge[] {
  return charges.map(({ field, amount }) => ({ call, userId, field, amount, key: idempotencyKey ?? null, bySession }));
}

/** The process's gate: all routes share one micro-batcher. */
export const gate: Gate = singleton("gate", () => createGate(gateway, measured));
