/** The ledger of the gate's model: charges and the units given back, in their order. */

import type { Instant } from "@/lib/billing/types";
import type { UsageEntry } from "@/lib/billing/usage-at";
import type { FieldId } from "@/lib/config/catalog";

export interface Entry extends UsageEntry {
  key?: string | undefined;
  /** Later charges of one instant have a higher order. A settled reservation has the order of its hold. */
  order: number;
  /** Units of this charge that were given back. */
  givenBack: number;
}

interface Amount {
  field: FieldId;
  amount: number;
}

export class ModelLedger {
  readonly rows: Entry[] = [];
  private orders = 0;

  nextOrder(): number {
    this.orders += 1;
    return this.orders;
  }

  write({ field, amount }: Amount, at: Instant, key?: string, order = this.nextOrder()): Entry {
    const row = { field, amount, at, key, order, givenBack: 0 };
    this.rows.push(row);
    return row;
  }

  /** Gives back units of the latest charges among those, each at its own time or at `now`. */
  take(field: FieldId, amount: number, among: (at: Instant) => boolean, now?: Instant): number {
    const charges = this.rows.filter((row) => row.field === field && row.amount > row.givenBack && among(row.at));
    let left = amount;
    for (const row of charges.sort((a, b) => b.at - a.at || b.order - a.order)) {
      const taken = Math.min(left, row.amount - row.givenBack);
      if (taken === 0) break;
      row.givenBack += taken;
      left -= taken;
      this.write({ field, amount: -taken }, now ?? row.at, row.key);
    }
    return amount - left;
  }

  /** Returns a function that undoes all later writes. */
  savepoint(): () => void {
    const before = this.rows.map(({ givenBack }) => givenBack);
    return () => {
      this.rows.length = before.length;
      for (const [index, row] of this.rows.entries()) row.givenBack = before[index] ?? 0;
    };
  }

  /** The sum of each UTC day; days with none are left out. */
  days(field: FieldId): { day: string; amount: number }[] {
    const days = new Map<string, number>();
    for (const { at, amount } of this.rows.filter((row) => row.field === field)) {
      const day = new Date(at).toISOString().slice(0, 10);
      days.set(day, (days.get(day) ?? 0) + amount);
    }
    const found = [...days].map(([day, amount]) => ({ day, amount })).filter(({ amount }) => amount !== 0);
    return found.sort((a, b) => a.day.localeCompare(b.day));
  }
}
