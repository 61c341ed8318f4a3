/** Signs users in, posts signed Stripe events and reads usage, over HTTP only. */
import { type APIRequestContext, expect, type Page } from "@playwright/test";
import type { ProductId } from "@/lib/config/catalog";
import { type StripeObject, sign } from "@/lib/sandbox/event-builders/stripe/events";
import type { SubscriptionView, UsageView } from "@/lib/usage";

const SECRET = "whsec_tollgate_sandbox";

let users = 0;

/** An unused user id; unique over all workers. */
export function newUserId(name: string): string {
  users += 1;
  return `${name}-${process.pid}-${Date.now().toString(36)}-${users}`;
}

export async function signIn(page: Page, userId: string): Promise<void> {
  const response = await page.request.post("/api/auth/local", { data: { userId } });
  expect(response.status()).toBe(200);
}

/** Posts one signed event to the Stripe webhook. */
export async function postStripe(request: APIRequestContext, event: StripeObject) {
  const body = JSON.stringify(event);
  const response = await request.post("/api/webhook/stripe", {
    data: Buffer.from(body),
    headers: {
      "content-type": "application/json",
      "stripe-signature": sign(body, SECRET, Math.floor(Date.now() / 1000)),
    },
  });
  expect(response.status()).toBe(200);
  return (await response.json()) as {
    received: true;
    outcome: string;
    reason?: string;
    decision?: { action: string; reason: string };
  };
}

export async function subscriptionOf(request: APIRequestContext, product: ProductId): Promise<SubscriptionView> {
  const view = (await (await request.get("/api/subscription/usage")).json()) as UsageView;
  const found = view.subscriptions.find((subscription) => subscription.product === product);
  if (!found) throw new Error(`no ${product}`);
  return found;
}

/** The used, allowed and remaining amounts of the product's first meter. */
export async function meterOf(request: APIRequestContext, product: ProductId) {
  const [meter] = (await subscriptionOf(request, product)).meters;
  return { used: meter?.used, limit: meter?.limit, remaining: meter?.remaining };
}

export async function consume(request: APIRequestContext, field: string, amount: number) {
  const response = await request.post("/api/usage/consume", { data: { field, amount } });
  return { status: response.status(), body: await response.json() };
}
