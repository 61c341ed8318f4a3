/** Users in each state of the billing page, created over HTTP by signed events and usage. */
import { expect, type Page } from "@playwright/test";
import { addMonths, DAY_MS, HOUR_MS, MINUTE_MS } from "@/lib/billing/timeline/calendar";
import type { Instant } from "@/lib/billing/types";
import type { Price } from "@/lib/config/catalog";
import {
  type FakeStripeSubscription,
  fakeStripeSubscription,
} from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { consume, newUserId, postStripe, signIn } from "./users";

export type StateName = keyof typeof STATES;

/** Signs a new user in and creates the state. */
export async function enterState(page: Page, name: StateName): Promise<void> {
  const userId = newUserId(name);
  await signIn(page, userId);
  await STATES[name](testUser(page, userId));
}

type TestUser = ReturnType<typeof testUser>;

const STATES = {
  /** Free plans, no usage, no activity. */
  new: async () => {},

  active: async (user: TestUser) => {
    await user.subscribe(monthly("writer", "plus"), 10 * DAY_MS);
    await user.use("words_used", 5_100);
    await user.use("transformations_used", 84);
    await user.subscribe(monthly("chatbots", "starter"), 3 * DAY_MS);
    await user.makeChatbots("Support");
  },

  yearly: async (user: TestUser) => {
    await user.subscribe({ product: "writer", plan: "ultra", interval: "yearly" }, 100 * DAY_MS);
    await user.use("words_used", 9_000);
  },

  nearLimit: async (user: TestUser) => {
    await user.subscribe(monthly("writer", "plus"), 10 * DAY_MS);
    await user.use("words_used", 13_200);
  },

  atLimit: async (user: TestUser) => {
    await user.subscribe(monthly("writer", "basic"), 10 * DAY_MS);
    await user.use("words_used", 5_000);
  },

  /** Usage on Ultra and Growth, then a change to Basic and Starter. */
  overLimit: async (user: TestUser) => {
    const writer = await user.subscribe(monthly("writer", "ultra"), 10 * DAY_MS);
    await user.use("words_used", 12_000);
    await user.deliver(writer.planChanged("basic", Date.now()));
    const chatbots = await user.subscribe(monthly("chatbots", "growth"), 10 * DAY_MS);
    await user.makeChatbots("Reception", "Sales", "Booking", "Returns", "Orders");
    await user.deliver(chatbots.planChanged("starter", Date.now()));
  },

  /** More chatbots than the next lower plan allows. */
  manyChatbots: async (user: TestUser) => {
    await user.subscribe(monthly("chatbots", "growth"), 10 * DAY_MS);
    await user.makeChatbots("Reception", "Sales", "Booking", "Returns", "Orders");
  },

  trial: async (user: TestUser) => {
    await user.subscribe(monthly("writer", "plus"), 4 * DAY_MS, "trialing");
    await user.use("words_used", 900);
  },

  /** 8,000 words used before a renewal whose payment failed. */
  pastDue: async (user: TestUser) => {
    const writer = await user.subscribe(monthly("writer", "plus"), agoOfPeriodTo(Date.now() + 10 * MINUTE_MS));
    await user.use("words_used", 8_000);
    const renewedAt = writer.periodEnd();
    await user.deliver(writer.renewed());
    await user.deliver(writer.changed({ status: "past_due" }, renewedAt + 1_000));
    await user.deliver(writer.paymentFailed("subscription_cycle", renewedAt + 1_000));
    await user.use("words_used", 600);
  },

  graceOver: async (user: TestUser) => {
    const writer = await user.subscribe(monthly("writer", "plus"), agoOfPeriodTo(Date.now() - 12 * DAY_MS));
    const failedAt = Date.now() - 8 * DAY_MS;
    await user.deliver(writer.renewed());
    await user.deliver(writer.changed({ status: "past_due" }, failedAt));
    await user.deliver(writer.paymentFailed("subscription_cycle", failedAt));
  },

  paused: async (user: TestUser) => {
    const writer = await user.subscribe(monthly("writer", "plus"), 10 * DAY_MS);
    await user.deliver(writer.changed({ status: "paused" }, Date.now() - HOUR_MS));
  },

  /** Canceled by the user, and paid until the period's end. */
  canceling: async (user: TestUser) => {
    const writer = await user.subscribe(monthly("writer", "ultra"), 10 * DAY_MS);
    await user.use("words_used", 7_000);
    await user.deliver(writer.changed({ cancelAtPeriodEnd: true }, Date.now()));
  },

  ended: async (user: TestUser) => {
    const writer = await user.subscribe(monthly("writer", "plus"), 10 * DAY_MS);
    await user.use("words_used", 120);
    await user.deliver(writer.deleted(Date.now()));
  },

  /** Two live subscriptions of one product: the higher plan applies. */
  twoSubscriptions: async (user: TestUser) => {
    await user.subscribe(monthly("writer", "basic"), 12 * DAY_MS);
    await user.subscribe(monthly("writer", "ultra"), 5 * DAY_MS);
    await user.use("words_used", 6_000);
  },
};

export const STATE_NAMES = Object.keys(STATES) as StateName[];

function monthly(product: Price["product"], plan: string): Price {
  return { product, plan, interval: "monthly" };
}

/** The time (ms) since the start of a monthly period that ends at `end`, or up to 3 days later in shorter months. */
function agoOfPeriodTo(end: Instant): number {
  let start = addMonths(end, -1);
  while (addMonths(start, 1) < end) start += DAY_MS;
  return Date.now() - start;
}

function testUser(page: Page, userId: string) {
  const { request } = page;
  let subscriptions = 0;
  return {
    /** Creates a subscription that began `ago` milliseconds before now. */
    async subscribe(price: Price, ago: number, status?: "trialing"): Promise<FakeStripeSubscription> {
      subscriptions += 1;
      const startsAt = Date.now() - ago;
      const fake = fakeStripeSubscription({ id: `sub_${userId}-${subscriptions}`, userId, price, startsAt, status });
      await postStripe(request, fake.created());
      return fake;
    },
    deliver: (event: Parameters<typeof postStripe>[1]) => postStripe(request, event),
    async use(field: string, amount: number) {
      expect((await consume(request, field, amount)).status).toBe(200);
    },
    async makeChatbots(...names: string[]) {
      for (const name of names) expect((await request.post("/api/chatbots", { data: { name } })).status()).toBe(201);
    },
  };
}
