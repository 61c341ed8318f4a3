/** The dependencies of every purchase: the database, the processors, and this deployment's address. */

import type { Processor } from "@/lib/billing/types";
import type { Price } from "@/lib/config/catalog";
import { findPlan, planName } from "@/lib/config/current-catalog";
import type { PlanName, ProductName } from "@/lib/config/register";
import { PROCESSOR_NAMES } from "@/lib/config/terms";
import { PROCESSOR_MS } from "@/lib/core/deadlines";
import { DomainError, type Problem } from "@/lib/core/domain-error";
import { env } from "@/lib/core/env";
import { log } from "@/lib/core/observability";
import { type Gateway, gateway } from "@/lib/database";
import { clientWithDeadline } from "@/lib/processors/deadline";
import { ProcessorError, type ProcessorProblem } from "@/lib/processors/processor-client";
import { type GetProcessor, getProcessor, type ProcessorConnection } from "@/lib/processors/registry";
import { countAttempt } from "@/lib/rate-limit";

export interface PurchaseContext {
  gateway: Gateway;
  getProcessor: GetProcessor;
  /** Has no trailing slash. */
  appUrl: string;
}

/** The context of one request of a user. The request counts as an attempt when it first calls a processor. */
export function purchaseContext(userId: string): PurchaseContext {
  const { appUrl = "", sandbox } = env();
  const counted = withAttemptLimit({ gateway: gateway(), getProcessor, appUrl }, () =>
    countAttempt("processor", userId),
  );
  return sandbox ? counted : withDeadline(counted);
}

/** Limits all processor calls together to PROCESSOR_MS, which begins at the first one. */
export function withDeadline(context: PurchaseContext): PurchaseContext {
  let until: number | undefined;
  return {
    ...context,
    async getProcessor(processor) {
      const found = await context.getProcessor(processor);
      until ??= performance.now() + PROCESSOR_MS;
      return found && { ...found, client: clientWithDeadline(found.client, until) };
    },
  };
}

/**
 * Counts an attempt before the first call of a processor.
 * @param count throws if the user has made too many attempts; the processor is not called then
 */
export function withAttemptLimit(context: PurchaseContext, count: () => Promise<void>): PurchaseContext {
  let counted: Promise<void> | undefined;
  return {
    ...context,
    async getProcessor(processor) {
      counted ??= count();
      await counted;
      return context.getProcessor(processor);
    },
  };
}

/** @throws DomainError not_found if the processor is not configured here */
export async function requireProcessor(
  { getProcessor }: PurchaseContext,
  processor: Processor,
): Promise<ProcessorConnection> {
  const found = await getProcessor(processor);
  if (found) return found;
  throw notConfigured(processor);
}

export function notConfigured(processor: Processor): DomainError {
  return new DomainError("not_found", "processor_not_configured", `${PROCESSOR_NAMES[processor]} is not set up here.`, {
    processor,
  });
}

/** The same error as for a code that the processor refuses: a buyer need not know who refused it. */
export function codeNotValid(): DomainError {
  const { problem, reason, message } = USER_ERRORS.invalid_code;
  return new DomainError(problem, reason, message, { field: "code" });
}

/**
 * The plan's id, which requests may write in capitals.
 * @throws DomainError bad_input
 */
export function requirePlan(product: ProductName, name: string): PlanName {
  const plan = name.toLowerCase() as PlanName;
  if (findPlan(product, plan)) return plan;
  throw new DomainError("bad_input", "bad_input", "plan: there is no such plan", { field: "plan" });
}

/** @throws DomainError bad_input if this deployment has no price for the plan and interval */
export function requirePriceId({ sold }: ProcessorConnection, price: Price): string {
  const priceId = sold(price);
  if (priceId !== undefined) return priceId;
  const name = planName(price.product, price.plan);
  throw new DomainError("bad_input", "plan_not_sold", `${name} is not sold ${price.interval} here.`, { field: "plan" });
}

const USER_ERRORS: Readonly<Record<ProcessorProblem, { problem: Problem; reason: string; message: string }>> = {
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
 * Converts a processor's error to one that users read.
 * @throws DomainError payment_required, conflict, bad_input, unavailable
 */
export async function mapProcessorError<T>(processor: Processor, request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    throw userErrorOf(processor, error);
  }
}

/** The error that users read. The log gets the processor's own message. Other errors stay as they are. */
export function userErrorOf(processor: Processor, error: unknown): unknown {
  if (!(error instanceof ProcessorError)) return error;
  const { problem, code, message } = error;
  log.warn({ processor, problem, code, error: message }, "[Purchase] The processor refused");
  const answer = USER_ERRORS[problem];
  return new DomainError(answer.problem, answer.reason, answer.message, { processor });
}
