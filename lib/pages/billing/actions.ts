"use server";

/** Server actions of the billing and plan pages, for use without script: the same calls as the routes. */
import { parse } from "@/lib/core/parse";
import { actionFields } from "@/lib/http";
import {
  cancelSubscription,
  changePlan as change,
  checkout,
  checkoutRequest,
  duePaymentOf,
  planChangeRequest,
  portalOf,
  productRequest,
  purchaseContext,
  resumeSubscription,
} from "@/lib/subscriptions";
import type { Refusal } from "@/lib/ui";
import { attempt } from "./attempt";
import { runChange } from "./run-change";

/** Opens the processor's checkout. */
export async function startCheckout(_: Refusal | null, form: FormData): Promise<Refusal | null> {
  return attempt(async (user) => {
    const { url } = await checkout(user, parse(checkoutRequest, actionFields(form)), purchaseContext(user.id));
    return url;
  });
}

export async function changePlan(_: Refusal | null, form: FormData): Promise<Refusal | null> {
  return attempt(async ({ id }) => {
    const request = parse(planChangeRequest, actionFields(form));
    return runChange(id, request.product, () => change(id, request, purchaseContext(id)));
  });
}

export async function cancelPlan(_: Refusal | null, form: FormData): Promise<Refusal | null> {
  return attempt(async ({ id }) => {
    const { product } = parse(productRequest, actionFields(form));
    return runChange(id, product, () => cancelSubscription(id, product, purchaseContext(id)));
  });
}

/** Undoes a cancellation, a scheduled change or a pause. */
export async function resumePlan(_: Refusal | null, form: FormData): Promise<Refusal | null> {
  return attempt(async ({ id }) => {
    const { product } = parse(productRequest, actionFields(form));
    return runChange(id, product, () => resumeSubscription(id, product, purchaseContext(id)));
  });
}

/** Opens the payment page of the open invoice. */
export async function fixPayment(_: Refusal | null, form: FormData): Promise<Refusal | null> {
  return attempt(async ({ id }) => {
    const { product } = parse(productRequest, actionFields(form));
    return (await duePaymentOf(id, product, purchaseContext(id))).url;
  });
}

/** Opens the processor's page for cards and addresses. */
export async function openPortal(_: Refusal | null, form: FormData): Promise<Refusal | null> {
  return attempt(async ({ id }) => {
    const { product } = parse(productRequest, actionFields(form));
    return (await portalOf(id, product, purchaseContext(id))).url;
  });
}
