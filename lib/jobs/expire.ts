/** Expires reservations of rows without calls; the gate expires them on the rows that it updates. */
import type { Gateway } from "@/lib/database";

/** The rest waits for the next run, so that a run ends before the next one starts. */
const MAX_BATCHES = 20;

/** One run. Concurrent runs and gate calls never expire a reservation twice. */
export async function expireReservations(gateway: Gateway): Promise<{ rows: number }> {
  const result = { rows: 0 };
  for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
    const { rows } = await gateway.expireDueReservations();
    result.rows += rows;
    // None is due, or other sessions lock the due ones.
    if (rows === 0) break;
  }
  return result;
}
