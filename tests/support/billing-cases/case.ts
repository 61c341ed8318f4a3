/** A billing case: events of a processor, usage between them, and the correct result. */
import type * as paddle from "@/lib/sandbox/event-builders/paddle/events";
import type * as stripe from "@/lib/sandbox/event-builders/stripe/events";

export interface Answer {
  outcome: string;
  reason?: string | undefined;
  decision?: { action: string; reason: string } | null | undefined;
}

export interface UsageState {
  plan: string;
  status: string | null;
  used: number;
  limit: number;
  remaining: number;
}

/** The product under test: the fold alone, or the production build over HTTP. */
export interface CaseDriver {
  userId: string;
  /** The time of the case. */
  now: number;
  stripe(event: stripe.StripeObject): Promise<Answer>;
  paddle(event: paddle.PaddleObject): Promise<Answer>;
  /** Uses this number of words. */
  use(words: number): Promise<void>;
  /** The product's counter: words of the writer, messages of the chatbots. */
  usage(product?: "writer" | "chatbots"): Promise<UsageState>;
}

export interface BillingCase {
  number: string;
  name: string;
  run: (driver: CaseDriver) => Promise<void>;
}
