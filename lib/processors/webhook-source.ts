/**
 * What the billing domain asks of a payment processor's webhooks. Adding a processor is one folder beside
 * `stripe/` that implements `WebhookSource`, and one line in `processors/index.ts`.
 */

import type { DiscountFact, Fact, Instant, Note, Processor, ProcessorFact } from "@/lib/billing/types";
import type { FindPrice, ProductId } from "@/lib/config/catalog";

/** Why a delivery was refused before it was stored; the codes are part of the HTTP answer. */
export type RefusalReason =
  | "missing_signature"
  | "invalid_signature"
  | "timestamp_too_old"
  | "timestamp_in_future"
  | "not_json"
  | "not_an_object"
  | "nested_too_deeply"
  | "missing_id"
  | "missing_type";

export type Verification = { valid: true } | { valid: false; reason: RefusalReason };

/** What every event has, whatever its type; the rest of the payload is read by `normalize`. */
export interface WebhookEvent {
  processor: Processor;
  id: string;
  type: string;
  /** null where the processor does not say (thin events, Paddle). */
  livemode: boolean | null;
  /**
   * The connected account that the event is about; null for an event of the account that owns the endpoint. An account
   * id that cannot be read is an empty text, which no setting names.
   */
  account: string | null;
  /** null where the envelope has none: the event can only be ignored or quarantined. */
  occurredAt: Instant | null;
  payload: Record<string, unknown>;
}

export type Parsed = { ok: true; event: WebhookEvent } | { ok: false; reason: RefusalReason };

/** Whom an event is about, as the processor knows them. */
export interface Identity {
  customer: string | null;
  subscription: string | null;
  /** The transaction that our own server made for a checkout, and stored whose it is; absent as null. */
  transaction?: string | null;
  /** The user id that our own server wrote with the secret key; null where the browser could have written it. */
  trustedUserId: string | null;
  /** The charge that an event names instead of a customer (a Stripe dispute); absent as null. */
  charge?: string | null;
  /** The user id that only the browser's word names: shown to the admin, believed by nobody; absent as null. */
  hintedUserId?: string | null;
}

/** What an event claims to have changed, read from its own before-image; logged as `Change analysis`. */
export interface ChangeAnalysis {
  hasPeriodChange: boolean;
  hasPlanChange: boolean;
}

export type Normalized =
  | {
      outcome: "facts";
      facts: { product: ProductId; fact: Fact }[];
      notes?: Note[];
      identity: Identity;
      /** Absent where the event is not about a subscription's change. */
      analysis: ChangeAnalysis | null;
      /** An event with nothing but a link to give: why it is ignored, not deferred, where its user is not known. */
      unlinked?: string;
    }
  /** No listed price: quarantined, unless the subscription is known; then its status, period and payments still count. */
  | { outcome: "unpriced"; fact: ProcessorFact | DiscountFact; identity: Identity; analysis: ChangeAnalysis | null }
  | { outcome: "ignored"; reason: string }
  | { outcome: "quarantined"; reason: string; identity: Identity };

export interface WebhookSource {
  processor: Processor;
  /** The header that carries the signature. */
  signatureHeader: string;
  /** Whether events of this type mean something; all others are stored and ignored. */
  handles(type: string): boolean;
  /** Why a signature header is refused before the body is read: it is missing or malformed. null if it may be valid. */
  refuseHeader(header: string | null): RefusalReason | null;
  /** HMAC over the bytes that came, in constant time, against each secret; the clock may be 5 minutes off either way. */
  verify(raw: Uint8Array, header: string | null, secrets: readonly string[], now: Instant): Verification;
  /** Reads the envelope; refuses what is not a JSON object with an id and a type. */
  parse(raw: Uint8Array): Parsed;
  /** What the event says, in the domain's words. Pure: the same event gives the same facts. */
  normalize(event: WebhookEvent, findPrice: FindPrice): Normalized;
}
