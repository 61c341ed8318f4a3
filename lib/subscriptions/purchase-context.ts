/** What every purchase needs: the database, the processors, and our own address. */

import type { Processor } from "@/lib/billing/types";
import type { Price } from "@/lib/config/catalog";
import { findPlan } from "@/lib/config/current-catalog";
import { PROCESSOR_MS } from "@/lib/core/deadlines";
import { env } from "@/lib/core/env";
import { log } from "@/lib/core/observability";
import { type Gateway, gateway } from "@/lib/database";
import { HttpError } from "@/lib/http";
import { endingAt } from "@/lib/processors/deadline";
import { ProcessorError, type ProcessorProblem } from "@/lib/processors/processor-client";
import { getProcessor, type ProcessorConnection } from "@/lib/processors/registry";
import { countAttempt } from "@/lib/rate-limit";

export interface PurchaseContext {
  gateway: Gateway;
  getProcessor: (processor: Processor) => Promise<ProcessorConnection | undefined>;
  /** Without a slash at its end. */
  appUrl: string;
}

/** This deployment's, for one request of a user: it counts as an attempt when it first reaches a processor. */
export function purchaseContext(userId: string): PurchaseContext {
  const { appUrl = "", sandbox } = env();
  const counted = withAttemptLimit({ gateway: gateway(), getProcessor, appUrl }, () =>
    countAttempt("processor", userId),
  );
  return sandbox ? counted : withDeadline(counted);
}

/** All calls of a processor together end within PROCESSOR_MS from the first one on. */
export function withDeadline(shop: PurchaseContext): PurchaseContext {
  let until: number | undefined;
  return {
    ...shop,
    async getProcessor(processor) {
      const found = await shop.getProcessor(processor);
      until ??= performance.now() + PROCESSOR_MS;
      return found && { ...found, client: endingAt(found.client, until) };
    },
  };
}

/**
 * @param count throws if the user has made too many attempts; then nothing is asked of the processor
 */
export function withAttemptLimit(shop: PurchaseContext, count: () => Promise<void>): PurchaseContext {
  let counted: Promise<void> | undefined;
  return {
    ...shop,
    async getProcessor(processor) {
      counted ??= count();
      await counted;
      return shop.getProcessor(processor);
    },
  };
}

/** @throws HttpError 404 where the processor is not configured here */
export async function reached({ getProcessor }: PurchaseContext, processor: Processor): Promise<ProcessorConnection> {
  const found = await getProcessor(processor);
  if (found) return found;
  throw notConfigured(processor);
}

export function notConfigured(processor: Processor): HttpError {
  return new HttpError(404, "processor_not_configured", `${NAMES[processor]} is not set up here.`, { processor });
}

/** As a processor's own refusal of a code: a buyer need not know who refused it. */
export function codeNotValid(): HttpError {
  const { status, reason, message } = ANSWERS.invalid_code;
  return new HttpError(status, reason, message, { field: "code" });
}

/** @throws HttpError 400 where the plan is not sold by that interval here */
export function priceOf({ sold }: ProcessorConnection, price: Price): string {
  const priceId = sold(price);
  if (priceId !== undefined) return priceId;
  const name = findPlan(price.product, price.plan)?.name ?? price.plan;
  throw new HttpError(400, "plan_not_sold", `${name} is not sold ${price.interval} here.`, { field: "plan" });
}

export const NAMES: Readonly<Record<Processor, string>> = { stripe: "Stripe", paddle: "Paddle" };

const ANSWERS: Readonly<Record<ProcessorProblem, { status: number; reason: string; message: string }>> = {
  declined: { status: 402, reason: "payment_declined", message: "The payment was declined. Nothing was changed." },
  no_payment_method: {
    status: 402,
    reason: "payment_method_missing",
    message: "There is no card to charge. Add one on the payment page, then try again. Nothing was changed.",
  },
  busy: {
    status: 409,
    reason: "processor_busy",
    message: "Another change or a payment is under way. Try again in a minute. Nothing was changed.",
  },
  refund_pending: {
    status: 409,
    reason: "refund_pending",
    message: "A refund waits for approval. Change the plan once it is approved or rejected. Nothing was changed.",
  },
  invalid_code: {
    status: 400,
    reason: "code_not_valid",
    message: "This promotion code is not valid for this plan. Check it, or buy without a code.",
  },
  no_tax_address: {
    status: 409,
    reason: "tax_address_missing",
    message: "The tax cannot be computed without your address. Add it on the payment page, then try again.",
  },
  amount_too_small: {
    status: 409,
    reason: "amount_too_small",
    message:
      "The difference is too small to charge now. Choose the change for the end of the period. Nothing was changed.",
  },
  invalid: { status: 409, reason: "processor_refused", message: "The payment processor refused this." },
  not_found: {
    status: 409,
    reason: "unknown_at_processor",
    message: "The payment processor does not know this any more.",
  },
  unavailable: {
    status: 503,
    reason: "processor_unavailable",
    message: "The payment processor did not answer in time. Try again in a moment.",
  },
};

/**
 * Asks a processor, and puts its refusal into the words of our API; its own words are for the log.
 * @throws HttpError 402, 409, 503
 */
export async function asked<T>(processor: Processor, request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    if (!(error instanceof ProcessorError)) throw error;
    const { problem, code, message } = error;
    log.warn({ processor, problem, code, error: message }, "[Purchase] The processor refused");
    const answer = ANSWERS[problem];
    throw new HttpError(answer.status, answer.reason, answer.message, { processor });
  }
}
