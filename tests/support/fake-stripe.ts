/** The sandbox's Stripe for a database test: the real SDK on one side, the real verification and fold on the other. */
import Stripe from "stripe";
import { priceLists } from "@/lib/config/current-catalog";
import type { Gateway } from "@/lib/database";
import { stripe as source } from "@/lib/processors/stripe";
import type { FakeProcessor } from "@/lib/sandbox/fake-processor";
import { createSandbox } from "@/lib/sandbox/sandbox";
import { fakeStripe, httpClientOver } from "@/lib/sandbox/stripe";
import type { Payment } from "@/lib/sandbox/stripe/checkout";
import * as hosted from "@/lib/sandbox/stripe/hosted";
import { type Receipt, receive } from "@/lib/webhooks/receive";
import { TEST_SECRET } from "./stripe";

export interface DeliveredEvent {
  type: string;
  created: number;
  object: Record<string, unknown> & { id: string };
  previous: Record<string, unknown> | undefined;
  outcome: unknown;
  truncated: Receipt["truncated"];
  unattached: Receipt["unattached"];
}

export function createFakeStripe(gateway: Gateway) {
  const endpoint = {
    source,
    secrets: [TEST_SECRET],
    findPrice: priceLists("stripe", {}, { sandbox: true }).find,
    livemode: false,
  };
  const delivered: DeliveredEvent[] = [];
  let deliveriesHeld = Promise.resolve();
  const sandbox = createSandbox({
    gateway,
    processors: [fakeStripe as FakeProcessor],
    secret: () => TEST_SECRET,
    send: async (_processor, raw, [, signature]) => {
      await deliveriesHeld;
      const { status, body, truncated, unattached } = await receive({ raw, signature }, endpoint, gateway);
      const { type, created, data } = JSON.parse(Buffer.from(raw).toString());
      const { object, previous_attributes: previous } = data;
      delivered.push({ type, created, object, previous, outcome: body.outcome, truncated, unattached });
      return status;
    },
  });
  const stripe = new Stripe("sk_test_sandbox", {
    httpClient: httpClientOver(() => sandbox, "http://localhost:3000"),
    telemetry: false,
    maxNetworkRetries: 0,
  });
  const pay = async (session: string, payment: Partial<Payment> = {}) => {
    const paid = await hosted.paySession(sandbox, session, {
      card: "4242",
      email: "ada@example.com",
      name: "Ada",
      confirmed: false,
      ...payment,
    });
    await sandbox.idle();
    return paid;
  };
  /** Delays all deliveries until the returned function is called. */
  const holdDeliveries = () => {
    let release = () => {};
    deliveriesHeld = new Promise((resolve) => {
      release = resolve;
    });
    return release;
  };
  return { sandbox, stripe, delivered, pay, hosted, holdDeliveries };
}
