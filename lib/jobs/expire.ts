/** Lets go of reservations that ended by themselves, for rows that nobody touches; the gate does it for all others. */
import type { Gateway } from "@/lib/database";

/** More than that waits for the next round, so that no round runs into it. */
const MAX_PORTIONS = 20;

/** One round; two at once, or a caller at the gate, never let go of the same reservation twice. */
export async function expireReservations(gateway: Gateway): Promise<{ rows: number }> {
  const result = { rows: 0 };
  for (let portion = 0; portion < MAX_PORTIONS; portion += 1) {
    const { rows } = await gateway.expireDueReservations();
    result.rows += rows;
    // None due, or only such as somebody else holds.
    if (rows === 0) break;
  }
  return result;
}
