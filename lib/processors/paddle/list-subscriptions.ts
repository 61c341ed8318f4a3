import { type Environment, Paddle, type Subscription } from "@paddle/paddle-node-sdk";
import type { FindPrice } from "@/lib/config/catalog";
import { entityId } from "../entity-id";
import { withPermission } from "../setup-client";
import { type ListedSubscription, pastTrialOf, type SubscriptionList } from "../subscription-list";
import { type PaddleClientOptions, paddleClient } from "./client";
import { caller } from "./client-call";
import { readSubscription } from "./client-read";

const PER_PAGE = 200;
const TIMEOUT_MS = 30_000;
const LIST = "Subscriptions: read";
const CUSTOMERS = "Customers: read";

/** The subscriptions of a Paddle account, oldest first. */
export function paddleSubscriptions(options: Omit<PaddleClientOptions, "timeoutMs">): SubscriptionList {
  const { apiKey, environment, baseUrl, findPrice } = options;
  const paddle = new Paddle(apiKey, {
    environment: (baseUrl ?? environment) as Environment,
    customHeaders: { "Paddle-Version": "1" },
  });
  const client = paddleClient({ ...options, timeoutMs: TIMEOUT_MS });
  const call = caller({ apiKey, timeoutMs: TIMEOUT_MS });
  return {
    async page(after) {
      const query = { perPage: PER_PAGE, orderBy: "id[ASC]", ...(after !== null && { after }) };
      const pages = paddle.subscriptions.list(query);
      const all = await withPermission(LIST, () => call("subscriptions.list", () => pages.next()));
      return {
        subscriptions: all.map((each) => listed(each, findPrice)),
        next: pages.hasMore ? (all.at(-1)?.id ?? null) : null,
      };
    },

    email: (customer) =>
      withPermission(CUSTOMERS, () =>
        call("customers.get", async () => (await paddle.customers.get(entityId(customer))).email),
      ),

    fetch: (subscription) => client.subscription(subscription),
  };
}

function listed(subscription: Subscription, findPrice: FindPrice): ListedSubscription {
  const { id, items, status } = subscription;
  const reading = readSubscription(subscription, findPrice);
  const dates = items.find(({ trialDates }) => trialDates !== null)?.trialDates;
  const trial = dates ? { startsAt: Date.parse(dates.startsAt), endsAt: Date.parse(dates.endsAt) } : null;
  return {
    id,
    reading,
    pastTrial: pastTrialOf(reading, trial),
    priceIds: items.map(({ price }) => price.id),
    hintedUserId: hintIn(subscription),
    isLive: status !== "canceled",
  };
}

/** A browser can write custom data, so this value is only shown. */
function hintIn({ customData }: Subscription): string | null {
  const { user_id, userId } = (customData ?? {}) as Record<string, unknown>;
  const hinted = user_id ?? userId;
  return typeof hinted === "string" ? hinted : null;
}
