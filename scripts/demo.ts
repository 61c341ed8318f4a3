/**
 * The demo people's histories, made as real ones are: signed events by the front door, use by the gate, on clocks
 * that are moved back and brought forward again. Running it twice changes nothing.
 */
import { type FieldId, isProductId, type Price } from "@/lib/billing/catalog";
import type { Instant } from "@/lib/billing/facts";
import { addMonths, DAY, HOUR } from "@/lib/billing/period";
import { endpoint } from "@/lib/billing/processors";
import { type StripeObject, sign } from "@/lib/billing/processors/stripe/events";
import { type PlayedSubscription, playSubscription } from "@/lib/billing/processors/stripe/played";
import { receive } from "@/lib/billing/receive";
import { createGateway, type Gateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/postgres";
import { DEMO_USERS, demoUser } from "@/lib/identity/demo";

/**
 * Loads the demo data where it is missing. A person's e-mail is set when their story is told to its end: a start that
 * was killed in the middle tells it again, and nothing in it counts twice.
 * Throws where an event is not applied: the demo would show something else.
 */
export async function seedDemo(databaseUrl: string): Promise<void> {
  const gateway = createGateway(postgresTransport(databaseUrl));
  const now = Math.floor(Date.now() / HOUR) * HOUR;
  try {
    for (const { id } of DEMO_USERS) {
      if ((await gateway.ensureUser(id, null, null)).email !== null) continue;
      for (const tell of STORIES[id] ?? []) await tell(now, gateway);
      await gateway.setSandboxClock(id, null);
      await gateway.ensureUser(id, demoUser(id)?.email ?? null, demoUser(id)?.name ?? null);
    }
  } finally {
    await gateway.end();
  }
}

type Story = (now: Instant, gateway: Gateway) => Promise<void>;

const STORIES: Readonly<Record<string, Story[]>> = { demo: [maya, mayasBots], studio: [ada], agency: [jonas] };

/** Writer Plus for two months and some days: free, subscribed, renewed twice. */
async function maya(now: Instant, gateway: Gateway): Promise<void> {
  const told = story("demo", "writer", gateway);
  const start = addMonths(now - 9 * DAY, -2);
  await told.use(start - 2 * DAY, ["words_used", 310], ["transformations_used", 4]);
  const subscription = told.subscribe("sub_DemoMayaWriter", monthly("writer", "plus"), start);
  await told.deliver(start, subscription.created());
  await told.deliver(start, subscription.paid("subscription_create", start));
  for (let day = 1; day < 30; day += 3)
    await told.use(start + day * DAY, ["words_used", 760 + ((day * 211) % 480)], ["transformations_used", 31]);
  await told.renew(subscription);
  for (let day = 1; day < 28; day += 2)
    await told.use(told.at + 2 * DAY, ["words_used", 820 + ((day * 137) % 400)], ["transformations_used", 29]);
  await told.renew(subscription);
  for (let day = 1; day <= 8; day += 1)
    await told.use(told.at + DAY, ["words_used", 930 + ((day * 173) % 520)], ["transformations_used", 27]);
}

/** Chatbots Starter, two chatbots, most of the messages used. */
async function mayasBots(now: Instant, gateway: Gateway): Promise<void> {
  const told = story("demo", "chatbots", gateway);
  const start = now - 21 * DAY;
  const subscription = told.subscribe("sub_DemoMayaChatbots", monthly("chatbots", "starter"), start);
  await told.deliver(start, subscription.created());
  await told.deliver(start, subscription.paid("subscription_create", start));
  await told.makeChatbots("Support", "Onboarding");
  for (let day = 1; day <= 20; day += 1) await told.use(start + day * DAY, ["messages_count", 61 + ((day * 29) % 43)]);
}

/** Writer Ultra billed yearly: a window a month inside the year, this one nearly used. */
async function ada(now: Instant, gateway: Gateway): Promise<void> {
  const told = story("studio", "writer", gateway);
  const start = addMonths(now - 22 * DAY, -4);
  const subscription = told.subscribe(
    "sub_DemoAdaWriter",
    { product: "writer", plan: "ultra", interval: "yearly" },
    start,
  );
  await told.deliver(start, subscription.created());
  await told.deliver(start, subscription.paid("subscription_create", start));
  for (let month = 0; month < 4; month += 1) {
    const from = addMonths(start, month);
    for (let day = 2; day < 28; day += 5)
      await told.use(from + day * DAY, ["words_used", 4_100 + ((day * 331) % 900)], ["transformations_used", 210]);
  }
  for (let day = 1; day <= 21; day += 4)
    await told.use(addMonths(start, 4) + day * DAY, ["words_used", 5_640], ["transformations_used", 240]);
}

/** Chatbots Growth: renewed three days ago, and the charge failed. */
async function jonas(now: Instant, gateway: Gateway): Promise<void> {
  const told = story("agency", "chatbots", gateway);
  const start = addMonths(now - 3 * DAY, -1);
  const subscription = told.subscribe("sub_DemoJonasChatbots", monthly("chatbots", "growth"), start);
  await told.deliver(start, subscription.created());
  await told.deliver(start, subscription.paid("subscription_create", start));
  await told.makeChatbots("Reception", "Sales", "Booking", "Returns");
  for (let day = 1; day < 28; day += 2) await told.use(start + day * DAY, ["messages_count", 330 + ((day * 71) % 190)]);
  await told.deliver(subscription.periodEnd(), subscription.renewed());
  const charged = told.at + HOUR;
  await told.deliver(charged, subscription.changed({ status: "past_due" }, charged));
  await told.deliver(charged, subscription.paymentFailed("subscription_cycle", charged));
  await told.use(told.at + DAY, ["messages_count", 420]);
}

function monthly(product: string, plan: string): Price {
  if (!isProductId(product)) throw new Error(`no product ${product}`);
  return { product, plan, interval: "monthly" };
}

/** One user's story in one product. */
function story(userId: string, product: string, gateway: Gateway) {
  let charges = 0;
  const clock = {
    at: 0 as Instant,
    async moveTo(at: Instant) {
      clock.at = at;
      await gateway.setSandboxClock(userId, at);
    },
    subscribe: (id: string, price: Price, startsAt: Instant) => playSubscription({ id, userId, price, startsAt }),
    async deliver(at: Instant, event: StripeObject) {
      await clock.moveTo(at);
      await deliver(event, gateway);
    },
    async renew(subscription: PlayedSubscription) {
      const at = subscription.periodEnd();
      await clock.deliver(at, subscription.renewed());
      await clock.deliver(at + HOUR, subscription.paid("subscription_cycle", at + HOUR));
    },
    async use(at: Instant, ...uses: [FieldId, number][]) {
      await clock.moveTo(at);
      for (const [field, amount] of uses) {
        charges += 1;
        await gateway.consume(userId, field, amount, `demo:${product}:${charges}`);
      }
    },
    async makeChatbots(...names: string[]) {
      const known = (await gateway.chatbots(userId)).map(({ name }) => name);
      for (const name of names) if (!known.includes(name)) await gateway.createChatbot(userId, name);
    },
  };
  return clock;
}

async function deliver(event: StripeObject, gateway: Gateway): Promise<void> {
  const stripe = endpoint("stripe");
  const [secret] = stripe?.secrets ?? [];
  if (stripe === undefined || secret === undefined) throw new Error("The demo needs STRIPE_WEBHOOK_SECRET.");
  const raw = Buffer.from(JSON.stringify(event));
  const { body } = await receive({ raw, signature: sign(raw, secret, Math.floor(Date.now() / 1000)) }, stripe, gateway);
  if (body.outcome !== "applied" && body.outcome !== "duplicate") {
    throw new Error(`The demo's ${event.type} was not applied: ${JSON.stringify(body)}`);
  }
}
