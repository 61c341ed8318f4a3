/**
 * The demo users' histories, made through the product: checkouts at the fake Stripe, renewals on moved clocks, signed
 * events at the webhook route, gate calls. So their subscriptions renew, can be changed, and have invoices. A second
 * run changes nothing.
 */

import Stripe from "stripe";
import { chatbotsTable } from "@/app/(product)/chatbots/_lib/chatbots-table";
import { addMonths, DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import type { Instant, Interval } from "@/lib/billing/types";
import type { FieldId, Price } from "@/lib/config/catalog";
import { isProductId, priceLists } from "@/lib/config/current-catalog";
import { createGateway, type Gateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { DEMO_USERS, demoUser } from "@/lib/identity/demo";
import { type Endpoint, endpoint } from "@/lib/processors";
import {
  createSandbox,
  type FakeProcessor,
  fakeStripe,
  httpClientOver,
  type Sandbox,
  stripePages,
} from "@/lib/sandbox";
import { receive } from "@/lib/webhooks/receive";

/**
 * Loads missing demo data. A user's e-mail is stored at the end of their history, so that a killed start continues with
 * the same user and counts nothing twice. Throws if an event is not applied.
 */
export async function seedDemo(databaseUrl: string): Promise<void> {
  const gateway = createGateway(postgresTransport(databaseUrl));
  const now = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
  const play = createFakeStripe(gateway);
  try {
    for (const { id } of DEMO_USERS) {
      if ((await gateway.ensureUser(id, null, null)).email !== null) continue;
      const steps = (HISTORIES[id] ?? []).flatMap((history) => history(now));
      await live(id, steps, gateway, play);
      await gateway.ensureUser(id, demoUser(id)?.email ?? null, demoUser(id)?.name ?? null);
    }
  } finally {
    await gateway.end();
  }
}

/** A user's action and its time. */
interface Step {
  at: Instant;
  run: (person: Person) => Promise<unknown>;
}

type History = (now: Instant) => Step[];

const HISTORIES: Readonly<Record<string, History[]>> = { demo: [maya, mayasBots], studio: [ada], agency: [jonas] };

/** Writer Plus for two months and some days: free, subscribed, renewed twice. */
function maya(now: Instant): Step[] {
  const use = user("writer");
  const start = addMonths(now - 9 * DAY_MS, -2);
  const [second, third] = [addMonths(start, 1), addMonths(start, 2)];
  return [
    use(start - 2 * DAY_MS, ["words_used", 310], ["transformations_used", 4]),
    subscribe(start, "writer", "plus"),
    ...days(1, 30, 3).map((day) =>
      use(start + day * DAY_MS, ["words_used", 760 + ((day * 211) % 480)], ["transformations_used", 31]),
    ),
    ...days(1, 27, 2).map((day) =>
      use(second + day * DAY_MS, ["words_used", 820 + ((day * 137) % 400)], ["transformations_used", 29]),
    ),
    ...days(1, 9, 1).map((day) =>
      use(third + day * DAY_MS, ["words_used", 930 + ((day * 173) % 520)], ["transformations_used", 27]),
    ),
  ];
}

/** Chatbots Starter, two chatbots, most of the messages used. */
function mayasBots(now: Instant): Step[] {
  const use = user("chatbots");
  const start = now - 21 * DAY_MS;
  return [
    subscribe(start, "chatbots", "starter"),
    makeChatbots(start + HOUR_MS, "Support", "Onboarding"),
    ...days(1, 21, 1).map((day) => use(start + day * DAY_MS, ["messages_count", 61 + ((day * 29) % 43)])),
  ];
}

/** Writer Ultra billed yearly: monthly windows within the year, this one nearly used. */
function ada(now: Instant): Step[] {
  const use = user("writer");
  const start = addMonths(now - 22 * DAY_MS, -4);
  return [
    subscribe(start, "writer", "ultra", { interval: "yearly" }),
    ...days(0, 4, 1).flatMap((month) =>
      days(2, 28, 5).map((day) =>
        use(
          addMonths(start, month) + day * DAY_MS,
          ["words_used", 4_100 + ((day * 331) % 900)],
          ["transformations_used", 210],
        ),
      ),
    ),
    ...days(1, 22, 4).map((day) =>
      use(addMonths(start, 4) + day * DAY_MS, ["words_used", 5_640], ["transformations_used", 240]),
    ),
  ];
}

/** Chatbots Growth: renewed three days ago with a failed charge. */
function jonas(now: Instant): Step[] {
  const use = user("chatbots");
  const start = addMonths(now - 3 * DAY_MS, -1);
  return [
    subscribe(start, "chatbots", "growth", { card: "0341" }),
    makeChatbots(start + HOUR_MS, "Reception", "Sales", "Booking", "Returns"),
    ...days(1, 28, 2).map((day) => use(start + day * DAY_MS, ["messages_count", 330 + ((day * 71) % 190)])),
    use(now - 2 * DAY_MS, ["messages_count", 420]),
  ];
}

function days(from: number, before: number, step: number): number[] {
  return Array.from({ length: Math.ceil((before - from) / step) }, (_, n) => from + n * step);
}

interface Offer {
  interval?: Interval;
  /** The test card to pay with; by default the one that always succeeds. */
  card?: "4242" | "0341";
}

function subscribe(
  at: Instant,
  product: string,
  plan: string,
  { interval = "monthly", card = "4242" }: Offer = {},
): Step {
  if (!isProductId(product)) throw new Error(`no product ${product}`);
  return { at, run: (person) => person.subscribe({ product, plan, interval }, card) };
}

/** Use of one product; each use has its own key, so that a second run counts nothing. */
function user(product: string) {
  let count = 0;
  return (at: Instant, ...uses: [FieldId, number][]): Step => {
    const keyed = uses.map(([field, amount]) => {
      count += 1;
      return { field, amount, key: `demo:${product}:${count}` };
    });
    return { at, run: (person) => person.use(keyed) };
  };
}

function makeChatbots(at: Instant, ...names: string[]): Step {
  return { at, run: (person) => person.makeChatbots(names) };
}

interface PlayedStripe {
  stripe: Stripe;
  sandbox: Sandbox;
  /** Throws the error of a failed delivery. */
  check: () => Promise<void>;
}

/** The sandbox's fake Stripe; its deliveries call this process's webhook handler, since no server runs yet. */
function createFakeStripe(gateway: Gateway): PlayedStripe {
  const source = endpoint("stripe");
  const [secret] = source?.secrets ?? [];
  if (source === undefined || secret === undefined) throw new Error("The demo needs STRIPE_WEBHOOK_SECRET.");
  const problems: string[] = [];
  const sandbox = createSandbox({
    gateway,
    processors: [fakeStripe as FakeProcessor],
    secret: () => secret,
    send: (_, raw, [, signature]) => deliver(raw, signature, source, gateway, problems),
  });
  const httpClient = httpClientOver(() => sandbox);
  const stripe = new Stripe("sk_test_demo", { httpClient, telemetry: false, maxNetworkRetries: 0 });
  const check = async () => {
    await sandbox.idle();
    if (problems.length > 0) throw new Error(`The demo's events were not applied:\n${problems.join("\n")}`);
  };
  return { stripe, sandbox, check };
}

const UNWANTED = new Set(["deferred", "quarantined"]);

async function deliver(
  raw: Uint8Array,
  signature: string,
  source: Endpoint,
  gateway: Gateway,
  problems: string[],
): Promise<number> {
  const { status, body } = await receive({ raw, signature }, source, gateway);
  if (status !== 200 || UNWANTED.has(String(body.outcome))) problems.push(JSON.stringify({ status, ...body }));
  return status;
}

type Person = ReturnType<typeof personOf>;

/** Runs the steps in order, each at its time, and then moves the user's clock to today. */
async function live(userId: string, steps: Step[], gateway: Gateway, play: PlayedStripe): Promise<void> {
  const person = personOf(userId, gateway, play);
  const { sandbox, check } = play;
  for (const { at, run } of steps.toSorted((one, other) => one.at - other.at)) {
    const { now, happenedAt } = await gateway.sandboxClock(userId);
    // Only the first step moves the clock back; a step that an earlier start completed moves nothing.
    if (at > now || happenedAt === null) await sandbox.moveClock(userId, { to: at });
    await run(person);
    await check();
  }
  await sandbox.moveClock(userId, { to: "real" });
  await check();
  await gateway.setSandboxClock(userId, null);
}

function personOf(userId: string, gateway: Gateway, { stripe, sandbox }: PlayedStripe) {
  return {
    /**
     * Stripe keeps keys for a day, and a killed start moved the clock by months: existing objects are not made again.
     */
    async subscribe(price: Price, card: "4242" | "0341") {
      const metadata = { user_id: userId };
      const { customers } = await gateway.billingAccounts(userId);
      const known = customers.find(({ processor }) => processor === "stripe")?.customer;
      if (known !== undefined) {
        const bought = await stripe.subscriptions.list({ customer: known, price: sold(price), status: "all" });
        if (bought.data.length > 0) return;
      }
      const email = demoUser(userId)?.email ?? "";
      const name = demoUser(userId)?.name ?? "";
      const once = (what: string) => ({ idempotencyKey: `demo:${userId}:${what}` });
      const customer = known ?? (await stripe.customers.create({ email, name, metadata }, once("customer"))).id;
      await gateway.linkCustomer("stripe", customer, userId, "checkout");
      const session = await stripe.checkout.sessions.create(
        {
          mode: "subscription",
          customer,
          line_items: [{ price: sold(price), quantity: 1 }],
          metadata,
          subscription_data: { metadata },
          success_url: "http://localhost/billing",
        },
        once(`${price.product}:${price.plan}`),
      );
      await stripePages.paySession(sandbox, session.id, { card, email, name, confirmed: false });
    },
    async use(uses: readonly { field: FieldId; amount: number; key: string }[]) {
      for (const { field, amount, key } of uses) await gateway.consume(userId, field, amount, key);
    },
    async makeChatbots(names: readonly string[]) {
      const known = (await chatbotsTable(gateway).list(userId)).map(({ name }) => name);
      for (const name of names) if (!known.includes(name)) await chatbotsTable(gateway).create(userId, name);
    },
  };
}

function sold(price: Price): string {
  const id = priceLists("stripe", process.env, { sandbox: true }).sold(price);
  if (id === undefined) throw new Error(`The demo needs a price for ${price.product} ${price.plan} ${price.interval}.`);
  return id;
}
