import { describe, expect, test } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import type { FieldId } from "@/lib/config/catalog";
import { DatabaseError } from "@/lib/database";
import { createGateway } from "@/lib/database/gateway";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import type { Receipt } from "@/lib/webhooks/receive";
import { baysTable } from "@/tests/support/acme/bays";
import { testDatabase } from "@/tests/support/database";
import { deliver } from "@/tests/support/stripe";

/** ERASE_ROUNDS=200 runs a longer search. */
const ROUNDS = Number(process.env.ERASE_ROUNDS ?? 20);
const LIMITS = { stamps_used: 500, orders_count: 100 } as const;
const REFUSED = new Set(["subscription_alive"]);

const database = testDatabase();
const gateway = createGateway(database.transport({ connections: 24 }));

/** One user in one round. Each call starts after a random delay; the round counts its units and collects its errors. */
class Round {
  readonly problems: string[] = [];
  readonly receipts: Receipt[] = [];
  readonly used: Record<keyof typeof LIMITS, number> = { stamps_used: 0, orders_count: 0 };
  erased = 0;

  constructor(readonly userId: string) {}

  async call<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 8));
    try {
      return await work();
    } catch (error) {
      if (error instanceof DatabaseError) {
        if (error.problem === "unavailable" || REFUSED.has(error.reason ?? "")) return undefined;
        this.problems.push(`${name}: ${error.code} ${error.message}`);
      } else this.problems.push(`${name}: ${String(error).slice(0, 200)}`);
      return undefined;
    }
  }

  async consume(field: keyof typeof LIMITS, amount: number) {
    const verdict = await this.call(`consume ${field}`, () => gateway.consume(this.userId, field as FieldId, amount));
    if (verdict?.allowed) this.used[field] += amount;
    return verdict;
  }

  /** The gate's call: charges of several products in one transaction. */
  async consumeSequential(charges: readonly [keyof typeof LIMITS, number][]) {
    const answers = await this.call("consume sequentially", () =>
      gateway.consumeSequential(
        charges.map(([field, amount], call) => ({ call, userId: this.userId, field, amount, key: null })),
      ),
    );
    for (const [index, answer] of (answers ?? []).entries()) {
      const charge = charges[index];
      if (Array.isArray(answer) && answer[0]?.allowed && charge) this.used[charge[0]] += charge[1];
    }
  }

  async erase() {
    const answer = await this.call("erase", () => gateway.eraseAccount(this.userId));
    if (answer?.erased) this.erased += 1;
  }

  async deliver(event: Parameters<typeof deliver>[1]) {
    const receipt = await this.call("deliver", () => deliver(gateway, event));
    if (!receipt) return;
    this.receipts.push(receipt);
    const { outcome, reason } = receipt.body;
    if (receipt.status === 503 || (receipt.status === 200 && (outcome === "applied" || outcome === "duplicate")))
      return;
    this.problems.push(`deliver: ${receipt.status} ${outcome} ${reason}`);
  }

  /** Consumes the remaining amount, as the user could after the round. */
  async drain() {
    for (const field of Object.keys(LIMITS) as (keyof typeof LIMITS)[])
      for (const amount of [LIMITS[field], LIMITS[field] / 2, LIMITS[field] / 10, 1]) {
        let verdict = await this.consume(field, amount);
        while (verdict?.allowed && this.used[field] <= 2 * LIMITS[field]) verdict = await this.consume(field, amount);
      }
  }
}

/** Runs the rounds and returns the problems of those that failed. */
async function failedRounds(name: string, run: (round: Round) => Promise<void>): Promise<Record<string, string[]>> {
  const failed: Record<string, string[]> = {};
  let erased = 0;
  for (let index = 0; index < ROUNDS; index += 1) {
    const round = new Round(`${name}-${index}`);
    await run(round);
    erased += round.erased;
    if (round.problems.length > 0) failed[round.userId] = round.problems;
  }
  // Rounds test nothing if no erasure succeeds.
  expect(erased).toBeGreaterThan(0);
  return failed;
}

function checkLimits(round: Round, fields: (keyof typeof LIMITS)[]) {
  for (const field of fields)
    if (round.used[field] > LIMITS[field]) round.problems.push(`${field}: ${round.used[field]} of ${LIMITS[field]}`);
}

const price = { product: "mail", plan: "silver", interval: "monthly" } as const;

/** Redelivers the events, since some got a 503, and expects the plan in force. */
async function expectPlan(round: Round, plan: string, events: readonly Parameters<typeof deliver>[1][]) {
  for (const event of events) await round.deliver(event);
  const { subscriptions } = await gateway.usage(round.userId);
  const mail = subscriptions.find(({ product }) => product === "mail");
  if (mail?.plan !== plan) round.problems.push(`mail: ${mail?.plan}, not ${plan}`);
}

describe(`an erasure concurrent with other calls (${ROUNDS} rounds each)`, () => {
  test("consumption of products without a row: no unit beyond the limit", { timeout: 300_000 }, async () => {
    const failed = await failedRounds("rowless", async (round) => {
      await gateway.ensureUser(round.userId, null, null);
      await Promise.all([
        round.erase(),
        round.consume("stamps_used", 300),
        round.consume("stamps_used", 200),
        round.consume("orders_count", 100),
        round.consumeSequential([
          ["orders_count", 50],
          ["stamps_used", 500],
        ]),
      ]);
      await round.drain();
      checkLimits(round, ["stamps_used", "orders_count"]);
    });
    expect(failed, `${Object.keys(failed).length} of ${ROUNDS} rounds`).toEqual({});
  });

  test("consumption of products with rows: no unit beyond the limit", { timeout: 300_000 }, async () => {
    const failed = await failedRounds("rows", async (round) => {
      await round.consume("stamps_used", 10);
      await round.consume("orders_count", 10);
      await Promise.all([
        round.erase(),
        round.consume("stamps_used", 250),
        round.consumeSequential([
          ["stamps_used", 240],
          ["orders_count", 90],
        ]),
        round.consumeSequential([
          ["orders_count", 45],
          ["stamps_used", 250],
        ]),
        round.call("usage", () => gateway.usage(round.userId)),
        round.call("entitlements", () => gateway.entitlements(round.userId)),
        round.erase(),
      ]);
      await round.drain();
      checkLimits(round, ["stamps_used", "orders_count"]);
    });
    expect(failed, `${Object.keys(failed).length} of ${ROUNDS} rounds`).toEqual({});
  });

  test("the first events of a subscription: the subscription is not lost", { timeout: 300_000 }, async () => {
    const failed = await failedRounds("bought", async (round) => {
      const { userId } = round;
      await gateway.ensureUser(userId, `${userId}@example.com`, null);
      const fake = fakeStripeSubscription({ id: `sub_${userId}`, userId, price, startsAt: Date.now() - DAY_MS });
      const events = [fake.created(), fake.paid("subscription_create", Date.now() - DAY_MS)];
      await Promise.all([
        round.erase(),
        ...events.map((event) => round.deliver(event)),
        round.consume("orders_count", 60),
        round.consume("orders_count", 60),
      ]);
      await expectPlan(round, "silver", events);
      await round.drain();
      checkLimits(round, ["orders_count"]);
      // Without metadata, later events find the user by the links.
      const changed = fake.planChanged("titanium", Date.now());
      Object.assign((changed.data as { object: object }).object, { metadata: {} });
      await expectPlan(round, "titanium", [changed]);
    });
    expect(failed, `${Object.keys(failed).length} of ${ROUNDS} rounds`).toEqual({});
  });

  test("the end of a subscription: the subscription ends, or the erasure is refused", {
    timeout: 300_000,
  }, async () => {
    const failed = await failedRounds("ended", async (round) => {
      const { userId } = round;
      const fake = fakeStripeSubscription({ id: `sub_${userId}`, userId, price, startsAt: Date.now() - DAY_MS });
      await round.deliver(fake.created());
      const upgraded = fake.planChanged("titanium", Date.now() - 2_000);
      const ended = fake.deleted(Date.now() - 1_000);
      await Promise.all([
        round.deliver(upgraded),
        round.deliver(ended),
        round.erase(),
        round.consume("orders_count", 60),
        round.erase(),
        round.consume("orders_count", 60),
      ]);
      await expectPlan(round, "free", [upgraded, ended]);
      await round.erase();
      await round.drain();
      checkLimits(round, ["orders_count"]);
    });
    expect(failed, `${Object.keys(failed).length} of ${ROUNDS} rounds`).toEqual({});
  });

  test("checkout, links, bays and limits: no call fails", { timeout: 300_000 }, async () => {
    const failed = await failedRounds("linked", async (round) => {
      const { userId } = round;
      await gateway.ensureUser(userId, null, null);
      await round.consume("stamps_used", 10);
      const sale = { userId, product: "mail", plan: "silver", interval: "monthly", processor: "stripe" } as const;
      await Promise.all([
        round.erase(),
        round.call("checkout", async () => {
          const begun = await gateway.beginCheckout({ ...sale, trial: false });
          if (begun.outcome === "begun")
            await gateway.openCheckout(userId, begun.checkout.id, `cs_${userId}`, "https://pay.example");
        }),
        round.call("link", () => gateway.linkCustomer("stripe", `cus_${userId}`, userId, "checkout")),
        round.call("bay", () => baysTable(gateway).create(userId, "Bay")),
        round.call("limit", () =>
          gateway.setLimitOverride(userId, "stamps_used", 400, { by: "admin", expiresAt: null }),
        ),
        round.call("profile", () => gateway.ensureUser(userId, `${userId}@example.com`, "Name")),
        round.call("notices", () => gateway.notices(userId, 20)),
        round.call("clock", () => gateway.setSandboxClock(userId, null)),
        round.erase(),
      ]);
      await round.drain();
      checkLimits(round, ["stamps_used", "orders_count"]);
    });
    expect(failed, `${Object.keys(failed).length} of ${ROUNDS} rounds`).toEqual({});
  });
});
