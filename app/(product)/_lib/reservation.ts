/** Reservations for work whose cost is known only at its end. */

import { setTimeout as sleep } from "node:timers/promises";
import { type Charge, DatabaseError, gate, limitError, log, type Settlement } from "tollgate/server";

/** Longer than any answer takes. If the process crashes, its reservation expires after this time. */
const RESERVATION_SECONDS = 600;
const TRIES = 3;

export interface Reservation {
  /**
   * Charges the used amount of each charge, in their order, and releases the rest; 0 releases all. Never throws: if a
   * reservation cannot be settled, the error is logged, the result is null, and the reservation expires uncharged.
   */
  settle(amounts: readonly number[]): Promise<(Settlement | null)[]>;
}

/**
 * Reserves all of the charges, or none of them.
 * @throws DomainError payment_required for the first charge that exceeds the plan
 */
export async function reserveAll(userId: string, charges: readonly Charge[]): Promise<Reservation> {
  const reservations: string[] = [];
  const settle = (amounts: readonly number[]) =>
    Promise.all(reservations.map((reservation, index) => settleOne(userId, reservation, amounts[index] ?? 0)));
  for (const { field, amount = 1 } of charges) {
    const { reservationId, ...verdict } = await gate
      .reserve(userId, field, amount, { ttlSeconds: RESERVATION_SECONDS })
      .catch(async (error) => {
        await settle([]);
        throw error;
      });
    if (reservationId === null) {
      await settle([]);
      throw limitError(verdict);
    }
    reservations.push(reservationId);
  }
  return { settle };
}

/** Settling is idempotent, so it is retried if the database does not answer. */
async function settleOne(userId: string, reservationId: string, amount: number): Promise<Settlement | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await gate.settle(userId, reservationId, amount);
    } catch (error) {
      const transient = error instanceof DatabaseError && error.problem === "unavailable";
      if (!transient || attempt === TRIES) {
        log.error({ userId, reservationId, amount, error: String(error) }, "[Usage] Work could not be settled");
        return null;
      }
      await sleep(200 * attempt);
    }
  }
}
