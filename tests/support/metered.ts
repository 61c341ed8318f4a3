/** A database of its own for a test file, with subscribers, meters and the ledger. */
import { afterAll } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import type { Instant, Interval } from "@/lib/billing/types";
import type { FieldId, ProductId } from "@/lib/config/catalog";
import { findPlan, productIds } from "@/lib/config/current-catalog";
import { createGateway } from "@/lib/database/gateway";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { type DatabaseOptions, testDatabase } from "./database";
import { deliver } from "./stripe";

/** A database and a gateway for the file, with the queries that its tests share. Call it instead of testDatabase. */
export function meteredDatabase({ connections = 24, ...options }: MeteredOptions = {}) {
  const database = testDatabase(options);
  const gateway = createGateway(database.transport({ connections }));
  afterAll(() => gateway.end());
  const query = async <Row = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> =>
    (await database.pool().query(text, values)).rows;

  return {
    database,
    gateway,
    query,

    /** Delivers the event of a paid subscription that began at `startsAt`; returns the fake, for later events. */
    async subscribe(
      userId: string,
      { plan, product = productOf(plan), interval = "monthly", startsAt = Date.now() - DAY_MS }: Subscription,
    ) {
      const price = { product, plan, interval };
      const fake = fakeStripeSubscription({ id: `sub_${userId}`, userId, price, startsAt });
      await deliver(gateway, fake.created());
      return fake;
    },

    /** The meter as the product shows it to the user. */
    async meter(userId: string, field: FieldId) {
      const { subscriptions } = await gateway.usage(userId);
      const found = subscriptions.flatMap(({ meters }) => meters).find((each) => each.field === field);
      if (!found) throw new Error(`no ${field}`);
      return found;
    },

    /** The sum of the ledger, independent of any counter. */
    async ledger(userId: string, field: FieldId): Promise<number> {
      const [row] = await query<{ sum: number }>(
        "select coalesce(sum(amount), 0)::int as sum from usage_ledger where user_id = $1 and field = $2",
        [userId, field],
      );
      return row?.sum ?? 0;
    },
  };
}

interface MeteredOptions extends DatabaseOptions {
  connections?: number;
}

interface Subscription {
  plan: string;
  product?: ProductId;
  interval?: Interval;
  startsAt?: Instant;
}

/** The product of the file's catalog that has this plan. */
function productOf(plan: string): ProductId {
  const product = productIds().find((id) => findPlan(id, plan) !== undefined);
  if (product === undefined) throw new Error(`no product has the plan ${plan}`);
  return product;
}
