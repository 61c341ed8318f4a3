/**
 * The gate: may this user do this now, and if so, count it. Exactness lives in the Postgres functions behind it.
 */
import type { FieldId } from "@/lib/billing/catalog";
import { gateway } from "@/lib/database";
import type { Verdict } from "./view";

/** What a charge may carry beside its field and amount. */
interface ChargeOptions {
  /** A retry with the same key gets the first allowed verdict again and is not charged again. */
  idempotencyKey?: string | undefined;
}

export const gate = {
  /** Counts `amount` whole units of a counter if the limit allows it; the verdict either way. */
  consume: (userId: string, field: FieldId, amount = 1, { idempotencyKey }: ChargeOptions = {}): Promise<Verdict> =>
    gateway().consume(userId, field, amount, idempotencyKey),

  /** Several counters of one product, all or nothing; a verdict each, in their order. */
  consumeTogether: (userId: string, charges: readonly { field: FieldId; amount: number }[]): Promise<Verdict[]> =>
    gateway().consumeTogether(userId, charges),

  /**
   * Gives back what failed; never below 0.
   * @param options `of`: the consume key of the charge it gives back, in whose window it lands
   */
  release: (
    userId: string,
    field: FieldId,
    amount = 1,
    { of, idempotencyKey }: ChargeOptions & { of?: string | undefined } = {},
  ) => gateway().release(userId, field, amount, of, idempotencyKey),
};
