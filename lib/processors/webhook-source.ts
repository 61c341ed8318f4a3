/** The interface to a processor's webhooks. To add a processor, implement `WebhookSource` in a folder beside `stripe/`. */

import type { DiscountFact, Fact, Instant, Note, Processor, ProcessorFact } from "@/lib/billing/types";
import type { FindPrice, ProductId } from "@/lib/config/catalog";

/** Why a delivery was refused before it was stored. The HTTP response contains the code. */
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

/** The fields that every event has; `normalize` reads the rest of the payload. */
export interface WebhookEvent {
  processor: Processor;
  id: string;
  type: string;
  /** null if the event does not contain it: thin events, and most of Paddle's. */
  livemode: boolean | null;
  /**
   * The connected account that the event is about; null for an event of the account that owns the endpoint. An account
   * id that cannot be read is an empty text, which no setting names.
   */
  account: string | null;
  /** null if the envelope has no time: then the event can only be ignored or quarantined. */
  occurredAt: Instant | null;
  payload: Record<string, unknown>;
}

export type Parsed = { ok: true; event: WebhookEvent } | { ok: false; reason: RefusalReason };

/** The processor's ids in an event, which resolve to a user. */
export interface Identity {
  customer: string | null;
  subscription: string | null;
  /** The transaction of a checkout, which our server stored with its user; absent means null. */
  transaction?: string | null;
  /** The user id that our server wrote with the secret key; null if a browser could have written it. */
  trustedUserId: string | null;
  /** The charge that an event names instead of a customer (a Stripe dispute); absent means null. */
  charge?: string | null;
  /** A user id that a browser could have written: shown to admins, never trusted; absent means null. */
  hintedUserId?: string | null;
}

/** The changes between an event's previous and present state; logged as `Change analysis`. */
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
      /** null if the event is not about a subscription's change. */
      analysis: ChangeAnalysis | null;
      /** Set if the event contains only a link: the reason to ignore it, instead of deferring it, if its user is unknown. */
      unlinked?: string;
    }
  /** No price is listed: quarantined, unless the subscription is known. Then its status, period and payments count. */
  | { outcome: "unpriced"; fact: ProcessorFact | DiscountFact; identity: Identity; analysis: ChangeAnalysis | null }
  | { outcome: "ignored"; reason: string }
  | { outcome: "quarantined"; reason: string; identity: Identity };

export interface WebhookSource {
  processor: Processor;
  /** The header that carries the signature. */
  signatureHeader: string;
  /** The handled event types. */
  eventTypes: readonly string[];
  /** Whether events of this type are handled; all others are stored and ignored. */
  handles(type: string): boolean;
  /** Why a signature header is refused before the body is read: it is missing or malformed. null if it may be valid. */
  refuseHeader(header: string | null): RefusalReason | null;
  /** Checks the HMAC over the received bytes against each secret, in constant time. Clocks may differ by 5 minutes. */
  verify(raw: Uint8Array, header: string | null, secrets: readonly string[], now: Instant): Verification;
  /** Reads the envelope; refuses a body that is not a JSON object with an id and a type. */
  parse(raw: Uint8Array): Parsed;
  /** Translates an event into facts. Pure: the same event gives the same facts. */
  normalize(event: WebhookEvent, findPrice: FindPrice): Normalized;
}
