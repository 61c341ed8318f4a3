/** Billing cases over HTTP: signed webhooks, real usage, and the answer to the user. */
import { randomUUID } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import * as paddle from "@/lib/sandbox/event-builders/paddle/events";
import { sign } from "@/lib/sandbox/event-builders/stripe/events";
import { appServer, SANDBOX, signedIn } from "@/tests/support/app-server";
import { type Answer, BILLING_CASES, type CaseDriver } from "@/tests/support/billing-cases";
import { testDatabase } from "@/tests/support/database";

const database = testDatabase();
const STRIPE_SECRET = "whsec_of_the_billing_cases";
const PADDLE_SECRET = "pdl_ntfset_of_the_billing_cases";
const USAGE_KEY = "usage-key-of-the-billing-cases";
const app = appServer(() => ({
  ...SANDBOX,
  DATABASE_URL: database.url,
  STRIPE_WEBHOOK_SECRET: STRIPE_SECRET,
  PADDLE_WEBHOOK_SECRET: PADDLE_SECRET,
  USAGE_API_KEY: USAGE_KEY,
}));

let admin: Record<string, string> = {};
beforeAll(async () => {
  admin = await signIn("admin");
});

const signIn = (userId: string) => signedIn(app, userId);

async function deliver(path: string, header: string, signature: (body: string) => string, event: object) {
  const body = JSON.stringify(event);
  const { status, json } = await app.send(path, { method: "POST", headers: { [header]: signature(body) }, body });
  expect(status).toBe(200);
  return json as Answer;
}

const seconds = () => Math.floor(Date.now() / 1000);

/** A new user; Paddle's customer is theirs by an admin's link. */
async function httpDriver(): Promise<CaseDriver> {
  const userId = `case_${randomUUID().slice(0, 8)}`;
  const cookie = await signIn(userId);
  const customerId = `ctm_${userId}`;
  await app.send("/api/admin/links", {
    method: "POST",
    headers: admin,
    body: { processor: "paddle", customerId, userId },
  });
  return {
    userId,
    now: Math.floor(Date.now() / 1000) * 1000,
    stripe: (event) =>
      deliver("/api/webhook/stripe", "stripe-signature", (body) => sign(body, STRIPE_SECRET, seconds()), event),
    paddle: (event) =>
      deliver("/api/webhook/paddle", "paddle-signature", (body) => paddle.sign(body, PADDLE_SECRET, seconds()), event),
    use: async (words) => {
      const { json } = await app.send("/api/usage/consume", {
        method: "POST",
        headers: { authorization: `Bearer ${USAGE_KEY}` },
        body: { userId, field: "words_used", amount: words },
      });
      expect(json).toMatchObject({ allowed: true });
    },
    usage: async (product = "writer") => {
      const { json } = await app.send("/api/subscription/usage", { headers: cookie });
      const { subscriptions } = json as { subscriptions: Subscription[] };
      const { plan, status, meters } = subscriptions.find((each) => each.product === product) as Subscription;
      const { used, limit, remaining } = meters.find(
        ({ kind }) => kind === "counter",
      ) as Subscription["meters"][number];
      return { plan, status, used, limit, remaining };
    },
  };
}

interface Subscription {
  product: string;
  plan: string;
  status: string;
  meters: { kind: string; used: number; limit: number; remaining: number }[];
}

describe.each(BILLING_CASES)("Case $number", ({ name, run }) => {
  test(name, async () => run(await httpDriver()));
});
