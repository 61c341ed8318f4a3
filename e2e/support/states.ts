/** A person in each state that the billing page knows, made over HTTP: signed events by the front door, and use. */
import { expect, type Page } from "@playwright/test";
import { addMonths, DAY, HOUR, MINUTE } from "@/lib/billing/timeline/calendar";
import type { Instant } from "@/lib/billing/types";
import type { Price } from "@/lib/config/catalog";
import { type FakeStripeSubscription, fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { consume, newUserId, postStripe, signIn } from "./person";

export type StateName = keyof typeof STATES;

/** Signs a new person in and brings them into the state. */
export async function enterState(page: Page, name: StateName): Promise<void> {
  const userId = newUserId(name);
  await signIn(page, userId);
  await STATES[name](personOn(page, userId));
}

type Person = ReturnType<typeof personOn>;

const STATES = {
  /** Free everywhere, nothing used, nothing in the trail. */
  new: async () => {},

  active: async (person: Person) => {
    await person.subscribe(monthly("writer", "plus"), 10 * DAY);
    await person.use("words_used", 5_100);
    await person.use("transformations_used", 84);
    await person.subscribe(monthly("chatbots", "starter"), 3 * DAY);
    await person.makeChatbots("Support");
  },

  yearly: async (person: Person) => {
    await person.subscribe({ product: "writer", plan: "ultra", interval: "yearly" }, 100 * DAY);
    await person.use("words_used", 9_000);
  },

  nearLimit: async (person: Person) => {
    await person.subscribe(monthly("writer", "plus"), 10 * DAY);
    await person.use("words_used", 13_200);
  },

  atLimit: async (person: Person) => {
    await person.subscribe(monthly("writer", "basic"), 10 * DAY);
    await person.use("words_used", 5_000);
  },

  /** Used as Ultra and Growth, then moved to Basic and Starter. */
  overLimit: async (person: Person) => {
    const writer = await person.subscribe(monthly("writer", "ultra"), 10 * DAY);
    await person.use("words_used", 12_000);
    await person.hear(writer.planChanged("basic", Date.now()));
    const chatbots = await person.subscribe(monthly("chatbots", "growth"), 10 * DAY);
    await person.makeChatbots("Reception", "Sales", "Booking", "Returns", "Orders");
    await person.hear(chatbots.planChanged("starter", Date.now()));
  },

  /** More chatbots than the plan below has room for. */
  manyChatbots: async (person: Person) => {
    await person.subscribe(monthly("chatbots", "growth"), 10 * DAY);
    await person.makeChatbots("Reception", "Sales", "Booking", "Returns", "Orders");
  },

  trial: async (person: Person) => {
    await person.subscribe(monthly("writer", "plus"), 4 * DAY, "trialing");
    await person.use("words_used", 900);
  },

  /** 8,000 words used before a renewal that was then not paid. */
  pastDue: async (person: Person) => {
    const writer = await person.subscribe(monthly("writer", "plus"), agoOfPeriodTo(Date.now() + 10 * MINUTE));
    await person.use("words_used", 8_000);
    const renewedAt = writer.periodEnd();
    await person.hear(writer.renewed());
    await person.hear(writer.changed({ status: "past_due" }, renewedAt + 1_000));
    await person.hear(writer.paymentFailed("subscription_cycle", renewedAt + 1_000));
    await person.use("words_used", 600);
  },

  graceOver: async (person: Person) => {
    const writer = await person.subscribe(monthly("writer", "plus"), agoOfPeriodTo(Date.now() - 12 * DAY));
    const failedAt = Date.now() - 8 * DAY;
    await person.hear(writer.renewed());
    await person.hear(writer.changed({ status: "past_due" }, failedAt));
    await person.hear(writer.paymentFailed("subscription_cycle", failedAt));
  },

  paused: async (person: Person) => {
    const writer = await person.subscribe(monthly("writer", "plus"), 10 * DAY);
    await person.hear(writer.changed({ status: "paused" }, Date.now() - HOUR));
  },

  /** Canceled by its holder, and paid until its end. */
  canceling: async (person: Person) => {
    const writer = await person.subscribe(monthly("writer", "ultra"), 10 * DAY);
    await person.use("words_used", 7_000);
    await person.hear(writer.changed({ cancelAtPeriodEnd: true }, Date.now()));
  },

  ended: async (person: Person) => {
    const writer = await person.subscribe(monthly("writer", "plus"), 10 * DAY);
    await person.use("words_used", 120);
    await person.hear(writer.deleted(Date.now()));
  },

  /** Two live subscriptions of one product: the higher plan counts. */
  twoSubscriptions: async (person: Person) => {
    await person.subscribe(monthly("writer", "basic"), 12 * DAY);
    await person.subscribe(monthly("writer", "ultra"), 5 * DAY);
    await person.use("words_used", 6_000);
  },
};

export const STATE_NAMES = Object.keys(STATES) as StateName[];

function monthly(product: Price["product"], plan: string): Price {
  return { product, plan, interval: "monthly" };
}

/** How long ago a monthly period began that ends at `end`, or up to 3 days later where months have other lengths. */
function agoOfPeriodTo(end: Instant): number {
  let start = addMonths(end, -1);
  while (addMonths(start, 1) < end) start += DAY;
  return Date.now() - start;
}

function personOn(page: Page, userId: string) {
  const { request } = page;
  let subscriptions = 0;
  return {
    /** A subscription that began `ago` milliseconds before now. */
    async subscribe(price: Price, ago: number, status?: "trialing"): Promise<FakeStripeSubscription> {
      subscriptions += 1;
      const startsAt = Date.now() - ago;
      const fake = fakeStripeSubscription({ id: `sub_${userId}-${subscriptions}`, userId, price, startsAt, status });
      await postStripe(request, fake.created());
      return fake;
    },
    hear: (event: Parameters<typeof postStripe>[1]) => postStripe(request, event),
    async use(field: string, amount: number) {
      expect((await consume(request, field, amount)).status).toBe(200);
    },
    async makeChatbots(...names: string[]) {
      for (const name of names) expect((await request.post("/api/chatbots", { data: { name } })).status()).toBe(201);
    },
  };
}
