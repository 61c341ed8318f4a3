"use server";

import { parse } from "@/lib/core/parse";
import { actionFields } from "@/lib/http";
/** Server actions of the billing and plan pages: the same calls as the routes, for pages that work without script. */
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
import { changed } from "./changed";

/** Opens the processor's checkout. */
export async function startCheckout(_: Refusal | null, form: FormData): Promise<Refusal | null> {
  return attempt(async (user) => {
    const { url } = await checkout(user, parse(checkoutRequest, actionFields(form)), purchaseContext(user.id));
    return url;
  });
}

export async function changePlan(_: Refusal | null, form: FormData): Promise<Refusal | null> {
  return attempt(async ({ id }) => {
    const asked = parse(planChangeRequest, actionFields(form));
    return changed(id, asked.product, () => change(id, asked, purchaseContext(id)));
  });
}

export async function cancelPlan(_: Refusal | null, form: FormData): Promise<Refusal | null> {
  return attempt(async ({ id }) => {
    const { product } = parse(productRequest, actionFields(form));
    return changed(id, product, () => cancelSubscription(id, product, purchaseContext(id)));
  });
}

/** Undoes a cancellation, a scheduled change or a pause. */
export async function keep(_: Refusal | null, form: FormData): Promise<Refusal | null> {
  return attempt(async ({ id }) => {
    const { product } = parse(productRequest, actionFields(form));
    return changed(id, product, () => resumeSubscription(id, product, purchaseContext(id)));
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
