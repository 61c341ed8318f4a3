/** The catalog and the notification destination of a Paddle account, on Paddle's SDK. */
import {
  type CurrencyCode,
  type Environment,
  type IEventName,
  type NotificationSettings,
  Paddle,
  type Price,
  type Product,
} from "@paddle/paddle-node-sdk";
import { entityId } from "../entity-id";
import { intervalOfCycle } from "../plan-item";
import {
  KEY_FIELD,
  orNull,
  type PriceSpec,
  type RemoteEndpoint,
  type RemotePrice,
  type RemoteProduct,
  type SetupClient,
  withPermission,
} from "../setup-client";
import type { PaddleClientOptions } from "./client";
import { caller } from "./client-call";

const TIMEOUT_MS = 30_000;
const PER_PAGE = 200;
/** Product ids per request, so that the address stays short. */
const PRODUCT_IDS = 30;

const PRODUCTS = "Products: write";
const PRICES = "Prices: write";
const SETTINGS = "Notification settings: write";

type Options = Pick<PaddleClientOptions, "apiKey" | "environment" | "baseUrl">;

type Ask = <T>(permission: string, operation: string, request: () => Promise<T>) => Promise<T>;

/** Makes the client. Every method throws `ProcessorError` and nothing else. */
export function paddleSetup({ apiKey, environment, baseUrl }: Options): SetupClient {
  const paddle = new Paddle(apiKey, {
    // The SDK's type allows two names only; its client treats any other text as the address.
    environment: (baseUrl ?? environment) as Environment,
    customHeaders: { "Paddle-Version": "1" },
  });
  const call = caller({ apiKey, timeoutMs: TIMEOUT_MS });
  const ask: Ask = (permission, operation, request) => withPermission(permission, () => call(operation, request));

  return {
    processor: "paddle",
    mode: environment === "production" ? "live" : "test",
    ...catalogOf(paddle, ask),
    ...destinationsOf(paddle, ask),
    time: () => null,
  };
}

function catalogOf(paddle: Paddle, ask: Ask) {
  return {
    /** Paddle cannot filter by custom data, so all products are listed. */
    async products(keys, ids) {
      const all = await everyPage(paddle.products.list({ perPage: PER_PAGE, status: ["active", "archived"] }), (next) =>
        ask(PRODUCTS, "products.list", next),
      );
      return all.map(readProduct).filter(({ id, key }) => ids.includes(id) || (key !== null && keys.includes(key)));
    },

    async prices(productIds) {
      const found: Price[] = [];
      for (let at = 0; at < productIds.length; at += PRODUCT_IDS) {
        const productId = productIds.slice(at, at + PRODUCT_IDS);
        const pages = paddle.prices.list({ productId, perPage: PER_PAGE, status: ["active", "archived"] });
        found.push(...(await everyPage(pages, (next) => ask(PRICES, "prices.list", next))));
      }
      return found.map(readPrice);
    },

    async price(id) {
      const found = await orNull(ask(PRICES, "prices.get", () => paddle.prices.get(entityId(id))));
      return found && readPrice(found);
    },

    async createProduct({ key, name }) {
      const product = { name, taxCategory: "standard" as const, customData: { [KEY_FIELD]: key } };
      return readProduct(await ask(PRODUCTS, "products.create", () => paddle.products.create(product)));
    },

    async updateProduct(id, { key, name }) {
      const customData = { [KEY_FIELD]: key };
      await ask(PRODUCTS, "products.update", () =>
        paddle.products.update(entityId(id), { name, status: "active", customData }),
      );
    },

    async createPrice(price) {
      return readPrice(await ask(PRICES, "prices.create", () => paddle.prices.create(priceBody(price))));
    },

    async updatePrice(id, { key, name }) {
      const customData = { [KEY_FIELD]: key };
      await ask(PRICES, "prices.update", () =>
        paddle.prices.update(entityId(id), { name, status: "active", customData }),
      );
    },

    async archivePrice(id) {
      await ask(PRICES, "prices.update", () => paddle.prices.update(entityId(id), { status: "archived" }));
    },
  } satisfies Partial<SetupClient>;
}

function destinationsOf(paddle: Paddle, ask: Ask) {
  return {
    async endpoints() {
      const all = await ask(SETTINGS, "notificationSettings.list", () =>
        paddle.notificationSettings.list({ perPage: PER_PAGE }),
      );
      return all.filter(({ type }) => type === "url").map(readEndpoint);
    },

    async createEndpoint({ url, events }) {
      const created = await ask(SETTINGS, "notificationSettings.create", () =>
        paddle.notificationSettings.create({
          description: "Tollgate",
          type: "url",
          destination: url,
          apiVersion: 1,
          includeSensitiveFields: false,
          trafficSource: "platform",
          subscribedEvents: [...events] as IEventName[],
        }),
      );
      return readEndpoint(created);
    },

    async updateEndpoint(id, events) {
      const subscribedEvents = [...events] as IEventName[];
      await ask(SETTINGS, "notificationSettings.update", () =>
        paddle.notificationSettings.update(entityId(id), { subscribedEvents, active: true }),
      );
    },
  } satisfies Partial<SetupClient>;
}

function priceBody({ key, productId, name, amount, currency, interval }: PriceSpec) {
  return {
    productId,
    name,
    description: key,
    unitPrice: { amount: String(amount), currencyCode: currency as CurrencyCode },
    billingCycle: { interval: interval === "yearly" ? ("year" as const) : ("month" as const), frequency: 1 },
    customData: { [KEY_FIELD]: key },
  };
}

function readProduct({ id, name, customData, status }: Product): RemoteProduct {
  return { id, key: keyIn(customData), name, active: status === "active" };
}

function readPrice({ id, productId, name, customData, unitPrice, billingCycle, status }: Price): RemotePrice {
  const key = keyIn(customData);
  return {
    id,
    productId,
    key,
    hasLookupKey: key !== null,
    name: name ?? "",
    amount: Number(unitPrice.amount),
    currency: unitPrice.currencyCode,
    interval: billingCycle ? intervalOfCycle(billingCycle.interval, billingCycle.frequency) : null,
    active: status === "active",
  };
}

function readEndpoint({ id, destination, subscribedEvents, active, endpointSecretKey }: NotificationSettings) {
  const events = subscribedEvents.map(({ name }) => name);
  return { id, url: destination, events, active, secret: endpointSecretKey } satisfies RemoteEndpoint;
}

function keyIn(customData: unknown): string | null {
  const key = (customData as Record<string, unknown> | null)?.[KEY_FIELD];
  return typeof key === "string" ? key : null;
}

interface Pages<T> {
  hasMore: boolean;
  next(): Promise<T[]>;
}

async function everyPage<T>(pages: Pages<T>, ask: (next: () => Promise<T[]>) => Promise<T[]>): Promise<T[]> {
  const all: T[] = [];
  do all.push(...(await ask(() => pages.next())));
  while (pages.hasMore);
  return all;
}
