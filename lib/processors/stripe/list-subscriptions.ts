import Stripe from "stripe";
import type { FindPrice } from "@/lib/config/catalog";
import { entityId } from "../entity-id";
import { withPermission } from "../setup-client";
import { type ListedSubscription, pastTrialOf, type SubscriptionList } from "../subscription-list";
import { type StripeClientOptions, stripeClient } from "./client";
import { caller } from "./client-call";
import { readSubscription } from "./client-read";

const PER_PAGE = 100;
const TIMEOUT_MS = 30_000;
const LIST = "Subscriptions, Coupons and Promotion Codes: read";
const CUSTOMERS = "Customers: read";

type Options = Omit<StripeClientOptions, "timeoutMs">;

/** The subscriptions of a Stripe account, newest first, as Stripe lists them. */
export function stripeSubscriptions(options: Options): SubscriptionList {
  const { apiKey, httpClient, address, findPrice } = options;
  const stripe = new Stripe(apiKey, {
    timeout: TIMEOUT_MS,
    telemetry: false,
    ...(httpClient && { httpClient }),
    ...address,
  });
  const client = stripeClient({ ...options, timeoutMs: TIMEOUT_MS });
  const call = caller({ apiKey });
  return {
    async page(after) {
      const askedAt = Date.now();
      const started = performance.now();
      const list = await withPermission(LIST, () =>
        call("subscriptions.list", () =>
          stripe.subscriptions.list({
            status: "all",
            limit: PER_PAGE,
            expand: ["data.discounts.source.coupon", "data.discounts.promotion_code"],
            ...(after !== null && { starting_after: after }),
          }),
        ),
      );
      const timing = { askedAt, elapsed: performance.now() - started, findPrice };
      const subscriptions: ListedSubscription[] = [];
      for (const each of list.data) {
        const found = listed(each, list.lastResponse, timing);
        // The list has the first ten items only.
        if (each.items.has_more) found.reading = await client.subscription(each.id);
        subscriptions.push(found);
      }
      return { subscriptions, next: list.has_more ? (list.data.at(-1)?.id ?? null) : null };
    },

    email: (customer) =>
      withPermission(CUSTOMERS, () =>
        call("customers.retrieve", async () => {
          const found = await stripe.customers.retrieve(entityId(customer));
          return found.deleted ? null : found.email;
        }),
      ),

    fetch: (subscription) => client.subscription(subscription),
  };
}

function listed(
  subscription: Stripe.Subscription,
  lastResponse: Stripe.Response<unknown>["lastResponse"],
  timing: { askedAt: number; elapsed: number; findPrice: FindPrice },
): ListedSubscription {
  const { id, status, items, trial_start: start, trial_end: end } = subscription;
  const reading = readSubscription({ ...subscription, lastResponse }, timing);
  const trial = start === null || end === null ? null : { startsAt: start * 1000, endsAt: end * 1000 };
  return {
    id,
    reading,
    pastTrial: pastTrialOf(reading, trial),
    priceIds: items.data.map(({ price }) => price.id),
    hintedUserId: null,
    isLive: status !== "canceled" && status !== "incomplete_expired",
  };
}
