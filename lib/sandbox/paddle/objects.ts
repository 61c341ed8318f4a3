/** Entities as in Paddle's events and answers, each checked against the SDK's type at compile time. */

import type {
  IAddressNotificationResponse,
  ICustomerNotificationResponse,
  ICustomerPortalSessionResponse,
  ISubscriptionResponse,
  ITransactionResponse,
} from "@paddle/paddle-node-sdk";
import { paths } from "@/lib/config/current-catalog";
import { adjustmentEntity, micros, subscriptionEntity, transactionEntity } from "../event-builders/paddle/events";
import type { AccountState, Adjustment, Portal, Subscription, Transaction } from "./account-state";
import { paidBack } from "./paid-back";
import { DEFAULT_COUNTRY } from "./tax";

/** Events leave out the management links, which are temporary. */
export function subscriptionInEvents({ customer }: AccountState, subscription: Subscription) {
  return subscriptionEntity({ ...subscription, address: customer.address });
}

export function subscriptionOf(state: AccountState, subscription: Subscription) {
  const { transaction: _, ...spec } = subscription;
  return {
    ...subscriptionEntity({ ...spec, address: state.customer.address }),
    management_urls: {
      update_payment_method: `${state.site}${paths().sandbox}/paddle/payment/${subscription.id}`,
      cancel: `${state.site}${paths().sandbox}/paddle/payment/${subscription.id}`,
    },
  } satisfies ISubscriptionResponse;
}

/** Events and answers have the same entity. */
export function transactionOf(state: AccountState, transaction: Transaction) {
  const { customer } = state;
  const back = paidBack(state, transaction.id);
  const known = customer.exists && transaction.customer !== null;
  return transactionEntity({
    ...transaction,
    customer: transaction.customer,
    address: known && transaction.status !== "draft" ? customer.address : null,
    adjusted: back.total === 0 ? null : back,
  }) satisfies ITransactionResponse;
}

export function customerOf({ customer }: AccountState) {
  return {
    id: customer.id,
    name: customer.name,
    email: customer.email ?? "",
    marketing_consent: false,
    status: "active",
    custom_data: customer.customData,
    locale: "en",
    created_at: micros(customer.createdAt),
    updated_at: micros(customer.updatedAt),
    import_meta: null,
  } satisfies ICustomerNotificationResponse;
}

export function addressOf({ customer }: AccountState) {
  return {
    id: customer.address,
    customer_id: customer.id,
    description: null,
    first_line: null,
    second_line: null,
    city: null,
    postal_code: "94103",
    region: null,
    country_code: customer.country ?? DEFAULT_COUNTRY,
    custom_data: null,
    status: "active",
    created_at: micros(customer.createdAt),
    updated_at: micros(customer.createdAt),
    import_meta: null,
  } satisfies IAddressNotificationResponse;
}

export function adjustmentOf(_world: AccountState, adjustment: Adjustment) {
  return adjustmentEntity(adjustment);
}

/** @param subscriptions those that the request names for links */
export function portalOf(
  { customer, site }: AccountState,
  { id, createdAt }: Portal,
  subscriptions: readonly string[],
) {
  const overview = `${site}${paths().sandbox}/paddle/portal/${id}`;
  return {
    id,
    customer_id: customer.id,
    urls: {
      general: { overview },
      subscriptions: subscriptions.map((subscription) => ({
        id: subscription,
        cancel_subscription: overview,
        update_subscription_payment_method: `${site}${paths().sandbox}/paddle/payment/${subscription}`,
      })),
    },
    created_at: micros(createdAt),
  } satisfies ICustomerPortalSessionResponse;
}
