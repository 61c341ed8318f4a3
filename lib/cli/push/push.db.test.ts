/** `tollgate push` through the real SDKs, against the sandbox's accounts of both processors. */
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { type Catalog, sellableOf } from "@/lib/config/catalog";
import { indexPrices } from "@/lib/config/stored-prices";
import type { Processor } from "@/lib/config/terms";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import acme from "@/tests/support/acme/catalog";
import { testDatabase } from "@/tests/support/database";
import { createMerchant } from "@/tests/support/merchant";
import { EXIT } from "../context";
import { push } from "./push";

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
afterAll(() => gateway.end());
const merchant = createMerchant(() => gateway);
const { wire, contextOf, dashboard } = merchant;

const PRICES = sellableOf(acme).length;
const SILVER = { product: "mail", plan: "silver", interval: "monthly" } as const;
const SILVER_KEY = "tollgate_mail_silver_monthly";
const ONLY: Record<Processor, Record<string, string>> = {
  stripe: { PADDLE_API_KEY: "" },
  paddle: { STRIPE_SECRET_KEY: "" },
};

beforeEach(async () => {
  Object.assign(wire, { requests: [], killedAt: null, intercept: null });
  await database.pool().query("truncate processor_prices, sandbox_accounts, sandbox_objects, sandbox_requests cascade");
});

/** Acme with other values of Mail's plan Silver. */
function changed(over: object): Catalog {
  const { products } = acme;
  const silver = { ...products.mail.plans.silver, ...over };
  const mail = { ...products.mail, plans: { ...products.mail.plans, silver } };
  return { ...acme, products: { ...products, mail } } as Catalog;
}

async function run(catalog: Catalog, processor: Processor, options = {}) {
  const context = contextOf(catalog, ONLY[processor]);
  wire.requests.length = 0;
  const exit = await push(context, { yes: true, json: true, ...options });
  const { processors, secrets } = JSON.parse(context.lines.join("\n"));
  const steps: string[] = processors[0].steps.map(
    ({ action, object, name }: Record<string, string>) => `${action} ${object} ${name}`,
  );
  const changes = wire.requests.filter((request) => !request.startsWith("GET"));
  return { exit, steps, changes, secrets, report: processors[0] };
}

async function rows(processor: Processor) {
  return (await gateway.listProcessorPrices()).filter((each) => each.processor === processor);
}

const sold = async (processor: Processor) => indexPrices(await rows(processor)).sold(processor, "test", SILVER);

describe.each(["stripe", "paddle"] as const)("push at %s", (processor) => {
  test("fills an empty account, and changes nothing the second time", async () => {
    const first = await run(acme, processor);
    expect(first.exit).toBe(EXIT.ok);
    expect(first.steps.filter((step) => step.startsWith("create product"))).toHaveLength(6);
    expect(first.steps.filter((step) => step.startsWith("create price"))).toHaveLength(PRICES);
    expect(Object.keys(first.secrets)).toEqual([`${processor.toUpperCase()}_WEBHOOK_SECRET`]);
    expect(await rows(processor)).toHaveLength(PRICES);
    expect((await rows(processor)).every(({ active }) => active)).toBe(true);

    const second = await run(acme, processor);
    expect(second).toMatchObject({ exit: EXIT.ok, steps: [], changes: [], secrets: {} });
  });

  test("changes nothing with --dry-run, and without an answer", async () => {
    const dry = await run(acme, processor, { dryRun: true });
    expect(dry).toMatchObject({ exit: EXIT.ok, changes: [], secrets: {} });
    expect(dry.steps.length).toBeGreaterThan(PRICES);
    expect(await run(acme, processor, { yes: false })).toMatchObject({ exit: EXIT.problems, changes: [] });
    expect(await rows(processor)).toEqual([]);
  });

  test("gives a changed amount a new price, and archives and recognizes the old one", async () => {
    await run(acme, processor);
    const old = await sold(processor);
    const dearer = changed({ price: { monthly: 2_499, yearly: 19_990 } });

    const { steps, exit } = await run(dearer, processor);
    expect([steps, exit]).toEqual([[`create price ${SILVER_KEY}`, `archive price ${SILVER_KEY}`], EXIT.ok]);
    const now = await sold(processor);
    expect(now).not.toBe(old);
    const stored = indexPrices(await rows(processor));
    expect(stored.find(processor, now as string)).toMatchObject({ amount: 2_499, active: true });
    expect(stored.find(processor, old as string)).toMatchObject({ amount: 1_999, active: false });
    expect(await remotePrice(processor, old as string)).toMatchObject({ active: false });
    expect((await run(dearer, processor)).steps).toEqual([]);

    await run(acme, processor);
    expect(await sold(processor)).toBe(old);
    expect((await run(acme, processor)).steps).toEqual([]);
  });

  test("renames a product and its prices; a changed limit changes nothing", async () => {
    await run(acme, processor);
    const { steps } = await run(changed({ name: "Platinum" }), processor);
    expect(steps).toEqual([
      "update product tollgate_mail_silver",
      `update price ${SILVER_KEY}`,
      "update price tollgate_mail_silver_yearly",
    ]);
    expect((await run(changed({ name: "Platinum" }), processor)).steps).toEqual([]);
    const more = { name: "Platinum", limits: { stamps_used: 1, parcels_sent: 1 } };
    expect((await run(changed(more), processor)).steps).toEqual([]);
  });

  test("archives the price of an interval that is no longer sold", async () => {
    await run(acme, processor);
    const monthly = changed({ price: { monthly: 1_999, yearly: null } });
    const { steps } = await run(monthly, processor);
    expect(steps).toEqual(["store price tollgate_mail_silver_yearly", "archive price tollgate_mail_silver_yearly"]);
    expect((await run(monthly, processor)).steps).toEqual([]);
  });

  test("repairs an archived price, a renamed product and a removed key", async () => {
    await run(acme, processor);
    const id = (await sold(processor)) as string;
    await damage(processor, id);
    const { steps, exit } = await run(acme, processor);
    expect([steps, exit]).toEqual([["update product tollgate_mail_silver", `update price ${SILVER_KEY}`], EXIT.ok]);
    expect(await remotePrice(processor, id)).toMatchObject({ active: true, key: SILVER_KEY, hasLookupKey: true });
    expect((await run(acme, processor)).steps).toEqual([]);
  });

  test("repairs the event types of the endpoint, and a disabled endpoint", async () => {
    await run(acme, processor);
    await damageEndpoint(processor);
    const { steps } = await run(acme, processor);
    expect(steps).toEqual([`update webhook https://app.example.com/api/webhook/${processor}`]);
    expect((await run(acme, processor)).steps).toEqual([]);
  });

  test("continues after a kill at each request, without a second product, price or endpoint", async () => {
    const all = (await run(acme, processor)).changes.length;
    const reads = wire.requests.length - all;
    await run(changed({ price: { monthly: 2_499, yearly: 19_990 } }), processor);
    for (let killedAt = 1; ; killedAt++) {
      await database
        .pool()
        .query("truncate processor_prices, sandbox_accounts, sandbox_objects, sandbox_requests cascade");
      Object.assign(wire, { killedAt, requests: [] });
      const context = contextOf(acme, ONLY[processor]);
      const exit = await push(context, { yes: true, json: true }).catch(() => EXIT.problems);
      wire.killedAt = null;
      if (exit === EXIT.ok) break;
      expect((await run(acme, processor)).exit).toBe(EXIT.ok);
      expect((await run(acme, processor)).steps).toEqual([]);
      expect(await counts(processor)).toEqual({ products: 6, prices: PRICES, endpoints: 1 });
      expect(killedAt).toBeLessThan(all + reads + 5);
    }
    expect.hasAssertions();
  });

  test("never sells two prices of one plan, killed at each request of a change of its amount", async () => {
    const dearer = changed({ price: { monthly: 2_499, yearly: 19_990 } });
    for (let killedAt = 1; ; killedAt++) {
      await database
        .pool()
        .query("truncate processor_prices, sandbox_accounts, sandbox_objects, sandbox_requests cascade");
      await run(acme, processor);
      const old = await sold(processor);
      Object.assign(wire, { killedAt, requests: [] });
      const exit = await push(contextOf(dearer, ONLY[processor]), { yes: true, json: true }).catch(() => EXIT.problems);
      wire.killedAt = null;
      const active = (await rows(processor)).filter(({ lookupKey, active }) => lookupKey === SILVER_KEY && active);
      expect(active).toHaveLength(1);
      if (exit === EXIT.ok) break;
      expect((await run(dearer, processor)).exit).toBe(EXIT.ok);
      expect((await run(dearer, processor)).steps).toEqual([]);
      expect(await sold(processor)).not.toBe(old);
      expect(await counts(processor)).toEqual({ products: 6, prices: PRICES + 1, endpoints: 1 });
    }
  });

  test("names the permission that the key lacks", async () => {
    const refused = {
      stripe: {
        error: {
          type: "invalid_request_error",
          message: "The provided key 'rk_test_1' does not have the required permissions.",
        },
      },
      paddle: {
        error: { type: "request_error", code: "forbidden", detail: "You aren't permitted", documentation_url: "" },
        meta: {},
      },
    };
    wire.intercept = (method, path) =>
      method === "POST" && path.endsWith("/prices") ? Response.json(refused[processor], { status: 403 }) : null;
    const { exit, report } = await run(acme, processor);
    expect([exit, report.error]).toEqual([EXIT.problems, 'The key lacks the permission "Prices: write".']);
  });

  test("leaves a price alone that a variable names", async () => {
    const variable = `${processor.toUpperCase()}_PRICE_MAIL_SILVER_MONTHLY`;
    const context = contextOf(acme, { ...ONLY[processor], [variable]: "price_by_hand" });
    expect(await push(context, { yes: true, json: true })).toBe(EXIT.ok);
    expect((await rows(processor)).map(({ lookupKey }) => lookupKey)).not.toContain(SILVER_KEY);
    expect(context.lines.join("\n")).toContain(`${variable} names price_by_hand`);
  });
});

async function remotePrice(processor: Processor, id: string) {
  return merchant.setup[processor]().price(id);
}

async function counts(processor: Processor) {
  const client = merchant.setup[processor]();
  const keys = [...new Set(sellableOf(acme).map(({ product, plan }) => `tollgate_${product}_${plan}`))];
  const products = await client.products(keys, []);
  const prices = await client.prices(
    products.map(({ id }) => id),
    [],
  );
  return { products: products.length, prices: prices.length, endpoints: (await client.endpoints()).length };
}

/** A person archives the price, renames the product and removes our names. */
async function damage(processor: Processor, id: string): Promise<void> {
  if (processor === "stripe") {
    await dashboard.stripe.prices.update(id, { active: false, metadata: { tollgate: "" } });
    await dashboard.stripe.products.update("tollgate_mail_silver", { name: "My name", metadata: { tollgate: "" } });
    return;
  }
  const paddle = dashboard.paddle();
  const { productId } = await paddle.prices.update(id, { status: "archived", customData: null });
  await paddle.products.update(productId, { name: "My name", customData: null });
}

async function damageEndpoint(processor: Processor): Promise<void> {
  const [endpoint] = await merchant.setup[processor]().endpoints();
  const id = endpoint?.id as string;
  if (processor === "stripe")
    await dashboard.stripe.webhookEndpoints.update(id, { disabled: true, enabled_events: ["charge.failed"] });
  else
    await dashboard.paddle().notificationSettings.update(id, { active: false, subscribedEvents: ["report.created"] });
}
