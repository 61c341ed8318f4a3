/** The catalog and the settings of a Stripe account, on Stripe's SDK. */
import { createHash } from "node:crypto";
import Stripe from "stripe";
import { entityId } from "../entity-id";
import { intervalOfCycle } from "../plan-item";
import { ProcessorError } from "../processor-client";
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
import type { StripeClientOptions } from "./client";
import { caller } from "./client-call";
import { idOf } from "./reference";
import { portalSettings } from "./setup-portal";

interface Options extends Pick<StripeClientOptions, "apiKey" | "httpClient" | "address"> {
  /** Repetitions of a request after a failure of the network; default is the SDK's. */
  maxNetworkRetries?: number;
}

const TIMEOUT_MS = 30_000;
/** Stripe's maximum of lookup keys per request. */
const LOOKUP_KEYS = 10;
const PER_PAGE = 100;

const PRODUCTS = "Products: write";
const PRICES = "Prices: write";
const WEBHOOKS = "Webhook Endpoints: write";
const PORTAL = "Customer portal: write";

type Ask = <T>(permission: string, operation: string, request: () => Promise<T>) => Promise<T>;

/** Makes the client. Every method throws `ProcessorError` and nothing else. */
export function stripeSetup({ apiKey, httpClient, address, maxNetworkRetries }: Options): SetupClient {
  const stripe = new Stripe(apiKey, {
    timeout: TIMEOUT_MS,
    telemetry: false,
    ...(httpClient && { httpClient }),
    ...(maxNetworkRetries !== undefined && { maxNetworkRetries }),
    ...address,
  });
  const call = caller({ apiKey });
  let answeredAt: number | null = null;
  const ask: Ask = async (permission, operation, request) => {
    const answer = await withPermission(permission, () => call(operation, request));
    answeredAt = timeOf(answer) ?? answeredAt;
    return answer;
  };
  const portal = portalSettings(stripe, (operation, request) => ask(PORTAL, operation, request));

  return {
    processor: "stripe",
    mode: /_live_/.test(apiKey) ? "live" : "test",
    ...catalogOf(stripe, ask),
    ...endpointsOf(stripe, ask),
    portal: portal.read,
    savePortal: portal.save,
    time: () => answeredAt,
  };
}

function catalogOf(stripe: Stripe, ask: Ask) {
  return {
    /** The product's id is our name of it, so that it cannot be created twice. */
    async products(keys) {
      const found: RemoteProduct[] = [];
      for (const ids of chunks(keys, PER_PAGE)) {
        const { data } = await ask(PRODUCTS, "products.list", () => stripe.products.list({ ids, limit: PER_PAGE }));
        found.push(...data.map(readProduct));
      }
      return found;
    },

    async prices(productIds, keys) {
      const found = new Map<string, RemotePrice>();
      for (const product of productIds) {
        const all = await ask(PRICES, "prices.list", () => everyPage(stripe.prices.list({ product, limit: PER_PAGE })));
        for (const price of all) found.set(price.id, readPrice(price));
      }
      for (const lookup_keys of chunks(keys, LOOKUP_KEYS)) {
        const { data } = await ask(PRICES, "prices.list", () => stripe.prices.list({ lookup_keys, limit: PER_PAGE }));
        for (const price of data) found.set(price.id, readPrice(price));
      }
      return [...found.values()];
    },

    async price(id) {
      const found = await orNull(ask(PRICES, "prices.retrieve", () => stripe.prices.retrieve(entityId(id))));
      return found && readPrice(found);
    },

    async createProduct({ key, name }) {
      try {
        return readProduct(
          await ask(PRODUCTS, "products.create", () =>
            stripe.products.create({ id: key, name, metadata: { [KEY_FIELD]: key } }),
          ),
        );
      } catch (error) {
        // Another run created it meanwhile.
        if (!(error instanceof ProcessorError) || error.code !== "resource_already_exists") throw error;
        return readProduct(await ask(PRODUCTS, "products.retrieve", () => stripe.products.retrieve(key)));
      }
    },

    async updateProduct(id, { key, name }) {
      const metadata = { [KEY_FIELD]: key };
      await ask(PRODUCTS, "products.update", () =>
        stripe.products.update(entityId(id), { name, active: true, metadata }),
      );
    },

    async createPrice(price, count) {
      const params = priceParams(price);
      const idempotencyKey = `tollgate_push_${hash({ params, count })}`;
      return readPrice(await ask(PRICES, "prices.create", () => stripe.prices.create(params, { idempotencyKey })));
    },

    async updatePrice(id, { key, name }) {
      await ask(PRICES, "prices.update", () =>
        stripe.prices.update(entityId(id), {
          active: true,
          nickname: name,
          lookup_key: key,
          transfer_lookup_key: true,
          metadata: { [KEY_FIELD]: key },
        }),
      );
    },

    async archivePrice(id) {
      await ask(PRICES, "prices.update", () => stripe.prices.update(entityId(id), { active: false }));
    },
  } satisfies Partial<SetupClient>;
}

function endpointsOf(stripe: Stripe, ask: Ask) {
  return {
    async endpoints() {
      const all = await ask(WEBHOOKS, "webhookEndpoints.list", () =>
        everyPage(stripe.webhookEndpoints.list({ limit: PER_PAGE })),
      );
      return all.map(readEndpoint);
    },

    async createEndpoint({ url, events }) {
      const created = await ask(WEBHOOKS, "webhookEndpoints.create", () =>
        stripe.webhookEndpoints.create({
          url,
          enabled_events: [...events] as Stripe.WebhookEndpointCreateParams.EnabledEvent[],
          description: "Tollgate",
          metadata: { [KEY_FIELD]: "webhook" },
        }),
      );
      return readEndpoint(created);
    },

    async updateEndpoint(id, events) {
      await ask(WEBHOOKS, "webhookEndpoints.update", () =>
        stripe.webhookEndpoints.update(entityId(id), {
          enabled_events: [...events] as Stripe.WebhookEndpointUpdateParams.EnabledEvent[],
          disabled: false,
        }),
      );
    },
  } satisfies Partial<SetupClient>;
}

function priceParams({ key, productId, name, amount, currency, interval }: PriceSpec) {
  return {
    product: productId,
    currency: currency.toLowerCase(),
    unit_amount: amount,
    recurring: { interval: interval === "yearly" ? "year" : "month" },
    nickname: name,
    lookup_key: key,
    // The former price loses the key in the same request.
    transfer_lookup_key: true,
    metadata: { [KEY_FIELD]: key },
  } satisfies Stripe.PriceCreateParams;
}

function readProduct({ id, metadata, name, active }: Stripe.Product): RemoteProduct {
  return { id, key: metadata[KEY_FIELD] ?? null, name, active };
}

function readPrice({ id, metadata, lookup_key, recurring, ...price }: Stripe.Price): RemotePrice {
  const tag = metadata[KEY_FIELD] ?? null;
  const key = tag ?? lookup_key;
  return {
    id,
    productId: idOf(price.product) ?? "",
    key,
    hasLookupKey: tag !== null && lookup_key === tag,
    name: price.nickname ?? "",
    amount: price.unit_amount,
    currency: price.currency.toUpperCase(),
    interval: recurring ? intervalOfCycle(recurring.interval, recurring.interval_count) : null,
    active: price.active,
  };
}

function readEndpoint({ id, url, enabled_events, status, secret }: Stripe.WebhookEndpoint): RemoteEndpoint {
  return { id, url, events: enabled_events, active: status === "enabled", secret: secret ?? null };
}

/** The time of Stripe's answer in milliseconds; null if the answer has no date. */
function timeOf(answer: unknown): number | null {
  const { lastResponse } = answer as { lastResponse?: { headers?: Record<string, string> } };
  const at = Date.parse(lastResponse?.headers?.date ?? "");
  return Number.isNaN(at) ? null : at;
}

async function everyPage<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of pages) all.push(each);
  return all;
}

function hash(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 40);
}

function chunks<T>(values: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
    values.slice(index * size, (index + 1) * size),
  );
}
