/** The tools of a step of the journey: its own buyer, and both processors. */
import type Stripe from "stripe";
import { checkoutRequest } from "@/lib/billing/schemas/purchase-requests";
import type { Interval, Processor } from "@/lib/billing/types";
import type { PlanName } from "@/lib/config/register";
import type { Gateway } from "@/lib/database";
import type { ProcessorClient } from "@/lib/processors/processor-client";
import type { CardNumber } from "@/lib/sandbox/cards";
import * as stripePages from "@/lib/sandbox/stripe/hosted";
import { cancelSubscription, resumeSubscription } from "@/lib/subscriptions/cancel";
import { changePlan, previewChange } from "@/lib/subscriptions/change";
import { checkout } from "@/lib/subscriptions/checkout";
import type { TestDatabase } from "../../support/database";
import type { createFakePaddle } from "../../support/fake-paddle";

type FakeProcessor = ReturnType<typeof createFakePaddle>;

export interface Paid {
  card?: CardNumber;
  confirmed?: boolean;
}

export interface Surroundings {
  database: TestDatabase;
  gateway: Gateway;
  fake: FakeProcessor;
  /** For actions of a business in Stripe's dashboard. */
  stripe: Stripe;
}

export function stepContext(name: string, processor: Processor, { database, gateway, fake, stripe }: Surroundings) {
  const { sandbox, context } = fake;
  const buyer = { id: `${processor}-${name.replaceAll(/\W+/g, "-")}`, email: "ada@example.com" };

  /** Waits until every event has been received. */
  async function settled<T>(result: Promise<T>): Promise<T> {
    const value = await result;
    await sandbox.idle();
    return value;
  }

  async function mail() {
    const found = (await gateway.usage(buyer.id)).subscriptions.find(({ product }) => product === "mail");
    if (found === undefined) throw new Error("The buyer has no mail.");
    return found;
  }

  /** The id of the buyer's live subscription at the processor. */
  async function subscription(): Promise<string> {
    const subscriptions = await gateway.liveSubscriptions(buyer.id);
    const [live] = subscriptions;
    if (live === undefined) throw new Error("The buyer has no subscription.");
    return live.subscription;
  }

  /** The product's own client. */
  async function client(): Promise<ProcessorClient> {
    const found = await context.getProcessor(processor);
    if (found === undefined) throw new Error(`${processor} is not configured.`);
    return found.client;
  }

  async function open(plan: string, interval: Interval = "monthly", rest: object = {}) {
    const asked = checkoutRequest.parse({ product: "mail", plan, interval, processor, ...rest });
    const { checkout: id } = await checkout(buyer, asked, context);
    const transaction = (await gateway.loadCheckout(buyer.id, id))?.externalId;
    if (!transaction) throw new Error("The checkout has no transaction.");
    return { id, transaction };
  }

  async function pay(transaction: string, { card = "4242", confirmed = false }: Paid = {}) {
    const payment = { card, email: buyer.email, name: "Ada", confirmed };
    return settled<{ outcome: string } | null>(
      processor === "stripe"
        ? stripePages.paySession(sandbox, transaction, payment)
        : fake.hosted.pay(sandbox, transaction, payment),
    );
  }

  async function buy(plan: string, interval: Interval = "monthly", paid: Paid = {}) {
    const opened = await open(plan, interval);
    const result = await pay(opened.transaction, paid);
    if (result?.outcome !== "succeeded") throw new Error(`The purchase was not paid: ${result?.outcome}`);
    return opened;
  }

  const plan = (id: PlanName, interval?: Interval) => ({ product: "mail" as const, plan: id, interval });

  return {
    ...fake,
    database,
    stripe,
    processor,
    gateway,
    buyer,
    settled,
    mail,
    subscription,
    client,
    open,
    pay,
    buy,
    preview: (id: PlanName, interval?: Interval) => previewChange(buyer.id, plan(id, interval), context),
    change: (id: PlanName, interval?: Interval) => settled(changePlan(buyer.id, plan(id, interval), context)),
    cancel: () => settled(cancelSubscription(buyer.id, "mail", context)),
    resume: () => settled(resumeSubscription(buyer.id, "mail", context)),
    /** Moves the buyer's clock by so many milliseconds, or to an instant. */
    async wait(ms: number) {
      const { now } = await gateway.sandboxClock(buyer.id);
      await settled(sandbox.moveClock(buyer.id, { to: now + ms }));
    },
    async waitUntil(at: string) {
      await settled(sandbox.moveClock(buyer.id, { to: Date.parse(at) }));
    },
  };
}

export type StepContext = ReturnType<typeof stepContext>;

/** A step throws if the product misbehaves. */
export interface Step {
  name: string;
  run: (step: StepContext) => Promise<void>;
}
