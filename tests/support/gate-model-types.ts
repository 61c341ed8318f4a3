/** The calls, answers and keys of the gate's model. */
import type { Instant } from "@/lib/billing/types";
import type { CounterName } from "@/lib/config/register";
import type { Entry } from "./model-ledger";

export interface Charge {
  field: CounterName;
  amount: number;
}

/** The part of a verdict that the model knows. */
export interface Expected {
  allowed: boolean;
  used: number;
  limit: number;
  remaining: number;
  plan: string;
  reason?: string;
}

export interface Held extends Charge {
  id: string;
  at: Instant;
  order: number;
  expiresAt: Instant;
  state: "open" | "settled" | "expired";
  requested?: number;
  /** The amount that it was settled to, and the ledger row of that. */
  settled?: number;
  row?: Entry | undefined;
}

/** A key's request, its answer to repeat, and the charge or reservation that must be in effect to repeat it. */
export interface ConsumeKey {
  charges: readonly Charge[];
  verdicts: Expected[];
  rows: Entry[];
}

export interface ReserveKey {
  charge: Charge;
  seconds: number;
  verdict: Expected;
  held: Held;
}

export interface ReleaseKey {
  charge: Charge;
  of: string | undefined;
  answer: GivenBack;
}

export interface GivenBack {
  given: number;
  used: number;
}
