/** Amounts held for work under way, whose cost shows only when it ends. */
import { setTimeout as sleep } from "node:timers/promises";
import { DatabaseError } from "@/lib/database";
import { log } from "@/lib/observability";
import { type Charge, gate, refusal, type Settlement } from "@/lib/usage";

/** Longer than any answer takes; the hold of a process that died lapses then by itself. */
const HOLD_SECONDS = 600;
const TRIES = 3;

export interface Held {
  /**
   * Charges what was used of each amount, in their order, and lets go of the rest; 0 gives all back. Never throws: what
   * cannot be settled lapses, in the user's favour, and is logged. null for those.
   */
  settle(amounts: readonly number[]): Promise<(Settlement | null)[]>;
}

/**
 * Holds all of the charges, or none of them.
 * @throws HttpError 402 for the first that the plan has no room for
 */
export async function hold(userId: string, charges: readonly Charge[]): Promise<Held> {
  const reservations: string[] = [];
  const settle = (amounts: readonly number[]) =>
    Promise.all(reservations.map((reservation, index) => settleOne(userId, reservation, amounts[index] ?? 0)));
  for (const { field, amount = 1 } of charges) {
    const { reservationId, ...verdict } = await gate
      .reserve(userId, field, amount, { ttlSeconds: HOLD_SECONDS })
      .catch(async (error) => {
        await settle([]);
        throw error;
      });
    if (reservationId === null) {
      await settle([]);
      throw refusal(verdict);
    }
    reservations.push(reservationId);
  }
  return { settle };
}

/** Settling is idempotent, so an answer that did not come is asked for again. */
async function settleOne(userId: string, reservationId: string, amount: number): Promise<Settlement | null> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await gate.settle(userId, reservationId, amount);
    } catch (error) {
      const passing = error instanceof DatabaseError && error.problem === "unavailable";
      if (!passing || attempt === TRIES) {
        log.error({ userId, reservationId, amount, error: String(error) }, "[Usage] Work could not be settled");
        return null;
      }
      await sleep(200 * attempt);
    }
  }
}
