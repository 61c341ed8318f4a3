import type { Processor } from "@/lib/billing/types";
import type { FindPrice, Price } from "@/lib/config/catalog";
import { sales } from "@/lib/config/current-catalog";
import { env } from "@/lib/core/env";
import { setSingleton, singleton } from "@/lib/core/singleton";
import { configuredPriceLists, refreshSoldPrices } from "./price-lists";
import type { ProcessorClient } from "./processor-client";

/** A configured processor: its client and its price ids. */
export interface ProcessorConnection {
  client: ProcessorClient;
  sold: (price: Price) => string | undefined;
  /** Whether a checkout can be opened: Paddle's needs a client-side token. Existing subscriptions need none. */
  sells: boolean;
}

/** Makes the clients of the sandbox's fake processors. */
export type FakeClients = Readonly<Record<Processor, (findPrice: FindPrice) => ProcessorClient>>;

/** Sets the loader of the fake processors' clients. `lib/server` calls it in the sandbox only. */
export function provideFakeClients(load: () => Promise<FakeClients>): void {
  setSingleton("fake-clients", load);
}

async function fakeClient(processor: Processor, findPrice: FindPrice): Promise<ProcessorClient> {
  const load = singleton("fake-clients", (): (() => Promise<FakeClients>) => {
    throw new Error("No sandbox is provided: the server's start has not run.");
  });
  return (await load())[processor](findPrice);
}

/**
 * Returns the client of a processor: of the real one if a key is set, else of the fake one in the sandbox. Returns undefined
 * if it is not configured; then its SDK is not loaded.
 */
export async function getProcessor(processor: Processor): Promise<ProcessorConnection | undefined> {
  await refreshSoldPrices();
  const { find: findPrice, sold } = configuredPriceLists(processor);
  const client = await CREATE_CLIENT[processor](findPrice);
  return client && { client, sold, sells: processor === "stripe" || canOpenPaddle() };
}

export type GetProcessor = typeof getProcessor;

/** Finds a processor's client; undefined if the processor is not configured. */
export type FindClient = (processor: Processor) => Promise<Pick<ProcessorConnection, "client"> | undefined>;

function canOpenPaddle(): boolean {
  const { paddle, sandbox } = env();
  return sandbox || paddle.clientToken !== undefined;
}

const CREATE_CLIENT: Readonly<Record<Processor, (findPrice: FindPrice) => Promise<ProcessorClient | undefined>>> = {
  stripe: createStripeClient,
  paddle: createPaddleClient,
};

async function createStripeClient(findPrice: FindPrice): Promise<ProcessorClient | undefined> {
  const { stripe, sandbox } = env();
  const { secretKey: apiKey, apiBase } = stripe;
  if (apiKey === undefined) return sandbox ? fakeClient("stripe", findPrice) : undefined;
  const { stripeClient } = await import("./stripe/client");
  return stripeClient({ apiKey, findPrice, sales: sales(), ...(apiBase && { address: addressOf(apiBase) }) });
}

/** Stripe's SDK takes an address as protocol, host and port. */
export function addressOf(base: string) {
  const { hostname, port } = new URL(base);
  return { protocol: "http" as const, host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 80) };
}

async function createPaddleClient(findPrice: FindPrice): Promise<ProcessorClient | undefined> {
  const { paddle, sandbox } = env();
  const { apiKey, environment, apiBase } = paddle;
  if (apiKey === undefined) return sandbox ? fakeClient("paddle", findPrice) : undefined;
  const { paddleClient } = await import("./paddle/client");
  return paddleClient({ apiKey, environment, findPrice, ...(apiBase && { baseUrl: apiBase }) });
}
