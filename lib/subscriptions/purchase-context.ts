/** What every purchase needs: the database, the processors, and our own address. */

import type { Processor } from "@/lib/billing/types";
import type { Price } from "@/lib/config/catalog";
import { findPlan } from "@/lib/config/current-catalog";
import { PROCESSOR_MS } from "@/lib/core/deadlines";
import { DomainError, type Problem } from "@/lib/core/domain-error";
import { env } from "@/lib/core/env";
import { log } from "@/lib/core/observability";
import { type Gateway, gateway } from "@/lib/database";
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

/** @throws DomainError not_found if the processor is not configured here */
export async function reached({ getProcessor }: PurchaseContext, processor: Processor): Promise<ProcessorConnection> {
  const found = await getProcessor(processor);
  if (found) return found;
  throw notConfigured(processor);
}

export function notConfigured(processor: Processor): DomainError {
  return new DomainError("not_found", "processor_not_configured", `${NAMES[processor]} is not set up here.`, {
    processor,
  });
}

/** As a processor's own refusal of a code: a buyer need not know who refused it. */
export function codeNotValid(): DomainError {
  const { problem, reason, message } = ANSWERS.invalid_code;
  return new DomainError(problem, reason, message, { field: "code" });
}

/** @throws DomainError bad_input if the plan is not sold by that interval here */
export function priceOf({ sold }: ProcessorConnection, price: Price): string {
  const priceId = sold(price);
  if (priceId !== undefined) return priceId;
  const name = findPlan(price.product, price.plan)?.name ?? price.plan;
  throw new DomainError("bad_input", "plan_not_sold", `${name} is not sold ${price.interval} here.`, { field: "plan" });
}

export const NAMES: Readonly<Record<Processor, string>> = { stripe: "Stripe", paddle: "Paddle" };

const ANSWERS: Readonly<Record<ProcessorProblem, { problem: Problem; reason: string; message: string }>> = {
  declined: {
    problem: "payment_required",
    reason: "payment_declined",
    message: "The payment was declined. Nothing was changed.",
  },
  no_payment_method: {
    problem: "payment_required",
    reason: "payment_method_missing",
    message: "There is no card to charge. Add one on the payment page, then try again. Nothing was changed.",
  },
  busy: {
    problem: "conflict",
    reason: "processor_busy",
    message: "Another change or a payment is under way. Try again in a minute. Nothing was changed.",
  },
  refund_pending: {
    problem: "conflict",
    reason: "refund_pending",
    message: "A refund waits for approval. Change the plan once it is approved or rejected. Nothing was changed.",
  },
  invalid_code: {
    problem: "bad_input",
    reason: "code_not_valid",
    message: "This promotion code is not valid for this plan. Check it, or buy without a code.",
  },
  no_tax_address: {
    problem: "conflict",
    reason: "tax_address_missing",
    message: "The tax cannot be computed without your address. Add it on the payment page, then try again.",
  },
  amount_too_small: {
    problem: "conflict",
    reason: "amount_too_small",
    message:
      "The difference is too small to charge now. Choose the change for the end of the period. Nothing was changed.",
  },
  invalid: { problem: "conflict", reason: "processor_refused", message: "The payment processor refused this." },
  not_found: {
    problem: "conflict",
    reason: "unknown_at_processor",
    message: "The payment processor does not know this any more.",
  },
  unavailable: {
    problem: "unavailable",
    reason: "processor_unavailable",
    message: "The payment processor did not answer in time. Try again in a moment.",
  },
};

/**
 * Asks a processor, and puts its refusal into the words of our API; its own words are for the log.
 * @throws DomainError payment_required, conflict, unavailable
 */
export async function asked<T>(processor: Processor, request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    if (!(error instanceof ProcessorError)) throw error;
    const { problem, code, message } = error;
    log.warn({ processor, problem, code, error: message }, "[Purchase] The processor refused");
    const answer = ANSWERS[problem];
    throw new DomainError(answer.problem, answer.reason, answer.message, { processor });
  }
}
