/** The SDK's type of each recorded request, answer and event. */
import type { Call, RecordedEvent } from "./record";
import type { TypedValue } from "./sdk-types";

/** The class of Paddle's SDK that reads a method's answer. */
const PADDLE_ANSWERS: Readonly<Record<string, string>> = {
  "adjustments.create": "Adjustment",
  "adjustments.list": "Adjustment",
  "customerPortalSessions.create": "CustomerPortalSession",
  "discounts.get": "Discount",
  "discounts.list": "Discount",
  "subscriptions.cancel": "Subscription",
  "subscriptions.get": "Subscription",
  "subscriptions.pause": "Subscription",
  "subscriptions.previewUpdate": "SubscriptionPreview",
  "subscriptions.resume": "Subscription",
  "subscriptions.update": "Subscription",
  "transactions.create": "Transaction",
  "transactions.get": "Transaction",
  "transactions.getInvoicePDF": "TransactionInvoicePDF",
  "transactions.list": "Transaction",
  "transactions.update": "Transaction",
};

const REFUSALS: Readonly<Record<Call["processor"], string>> = {
  stripe: "{ error: Stripe.StripeRawError }",
  paddle: "{ error: Refusal; meta: { request_id: string } }",
};

export function requestOf({ processor, method, args }: Call): TypedValue {
  return { of: `${processor} ${method} request`, type: `Arguments<${methodType(processor, method)}>`, value: args };
}

/** The objects of the answers, those of one of Paddle's lists one by one. */
export function answersOf({ processor, method, exchanges }: Call): TypedValue[] {
  const of = `${processor} ${method} answer`;
  return exchanges.flatMap(({ status, answer }) => {
    if (status >= 400) return [{ of: `${processor} ${method} refusal`, type: REFUSALS[processor], value: answer }];
    if (processor === "stripe") return [{ of, type: `Answer<${methodType(processor, method)}>`, value: answer }];
    const { data } = answer as { data: unknown };
    const type = PADDLE_ANSWERS[method];
    if (type === undefined) throw new Error(`typed-values.ts does not name the class that reads paddle ${method}.`);
    return (Array.isArray(data) ? data : [data]).map((value) => ({ of, type: `Read<typeof paddle.${type}>`, value }));
  });
}

/** An event; at Stripe, also the previous attributes of its object. */
export function eventValues({ processor, body }: RecordedEvent): TypedValue[] {
  if (processor === "paddle") {
    const { event_type: type } = body as { event_type: string };
    return [{ of: `paddle event ${type}`, type: `PaddleEvent<${JSON.stringify(type)}>`, value: body }];
  }
  const { type, data, ...event } = body as { type: string; data: { previous_attributes?: unknown } };
  const { previous_attributes: previous, ...now } = data;
  const of = `stripe event ${type}`;
  const typed = `StripeEvent<${JSON.stringify(type)}>`;
  return [
    { of, type: typed, value: { ...event, type, data: now } },
    ...(previous === undefined
      ? []
      : [{ of: `${of} previous_attributes`, type: `Changed<${typed}["data"]["object"]>`, value: previous }]),
  ];
}

function methodType(processor: Call["processor"], method: string): string {
  const path = method.split(".").map((name) => `[${JSON.stringify(name)}]`);
  return `${processor === "stripe" ? "Stripe" : "paddle.Paddle"}${path.join("")}`;
}
