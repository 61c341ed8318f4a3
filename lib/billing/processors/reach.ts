import { env } from "@/lib/env";
import { type Price, priceLists, SALES } from "../catalog";
import type { Processor } from "../facts";
import type { ProcessorClient } from "./client";

/** A processor that can be asked, and the ids of what is sold there. */
export interface Reached {
  client: ProcessorClient;
  sold: (price: Price) => string | undefined;
  /** Whether a checkout can be opened: Paddle's needs a client-side token. What was bought is managed without it. */
  sells: boolean;
}

/**
 * How a processor is reached: with its key where one is set, else in the sandbox the one that is played; undefined where
 * it is not configured. Its SDK is loaded only then.
 */
export async function reach(processor: Processor): Promise<Reached | undefined> {
  const { find: findPrice, sold } = priceLists(processor, process.env, { sandbox: env().sandbox });
  const client = await (processor === "stripe" ? reachStripe(findPrice) : reachPaddle(findPrice));
  return client && { client, sold, sells: processor === "stripe" || canOpenPaddle() };
}

function canOpenPaddle(): boolean {
  const { paddle, sandbox } = env();
  return sandbox || paddle.clientToken !== undefined;
}

type FindPrice = ReturnType<typeof priceLists>["find"];

async function reachStripe(findPrice: FindPrice): Promise<ProcessorClient | undefined> {
  const { stripe, sandbox } = env();
  if (stripe.secretKey === undefined && !sandbox) return undefined;
  const { stripeClient } = await import("./stripe/client");
  const { secretKey: apiKey, apiBase } = stripe;
  if (apiKey !== undefined) {
    return stripeClient({ apiKey, findPrice, sales: SALES, ...(apiBase && { address: addressOf(apiBase) }) });
  }
  const { stripeHttpClient } = await import("@/lib/sandbox");
  return stripeClient({ apiKey: PLAYED_KEY, findPrice, sales: SALES, httpClient: stripeHttpClient() });
}

/** Stripe's SDK takes an address by its parts. */
function addressOf(base: string) {
  const { hostname, port } = new URL(base);
  return { protocol: "http" as const, host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 80) };
}

async function reachPaddle(findPrice: FindPrice): Promise<ProcessorClient | undefined> {
  const { paddle, sandbox } = env();
  if (paddle.apiKey === undefined && !sandbox) return undefined;
  const { paddleClient } = await import("./paddle/client");
  const { apiKey, environment, apiBase } = paddle;
  if (apiKey !== undefined)
    return paddleClient({ apiKey, environment, findPrice, ...(apiBase && { baseUrl: apiBase }) });
  const { paddleEntrance, withPlayedCheckout } = await import("@/lib/sandbox");
  const { base: baseUrl, apiKey: playedKey, site } = paddleEntrance();
  return withPlayedCheckout(paddleClient({ apiKey: playedKey, environment, baseUrl, findPrice }), site);
}

/** Opens nothing: it never leaves this process. */
const PLAYED_KEY = "sk_test_tollgate_sandbox";
