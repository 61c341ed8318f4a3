/** Stripe's error answers. */
import type { Charged } from "./methods";

interface ProblemBody {
  type: "invalid_request_error" | "card_error" | "idempotency_error" | "api_error" | "authentication_error";
  message: string;
  code?: string;
  decline_code?: string;
  param?: string;
}

/** A refused request; thrown inside a step, it leaves the state unchanged. */
export class StripeProblem extends Error {
  override name = "StripeProblem";

  constructor(
    readonly status: number,
    readonly body: ProblemBody,
  ) {
    super(body.message);
  }
}

export function invalid(message: string, param?: string, code?: string): StripeProblem {
  return new StripeProblem(400, {
    type: "invalid_request_error",
    message,
    ...(code && { code }),
    ...(param && { param }),
  });
}

export function missing(kind: string, id: string, param = "id", status = 404): StripeProblem {
  const message = `No such ${kind}: '${id}'`;
  return new StripeProblem(status, { type: "invalid_request_error", code: "resource_missing", message, param });
}

/** Stripe's refusal of a charge if the customer has no card and no bank account. */
export function nothingToCharge(): StripeProblem {
  const message =
    "This customer has no attached payment source or default payment method. Please consider adding a default payment method.";
  return invalid(message, undefined, "resource_missing");
}

export function cardProblem(charged: Extract<Charged, { outcome: "declined" | "requires_action" }>): StripeProblem {
  if (charged.outcome === "requires_action") {
    const message = "This payment requires additional user action before it can be completed successfully.";
    return new StripeProblem(402, {
      type: "card_error",
      code: "subscription_payment_intent_requires_action",
      decline_code: "authentication_required",
      message,
    });
  }
  const { declineCode, message } = charged;
  return new StripeProblem(402, { type: "card_error", code: "card_declined", decline_code: declineCode, message });
}
