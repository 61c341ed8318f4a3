/** The price ids of this deployment: environment variables, and prices that Postgres has, which are read again if needed. */
import type { PriceLists } from "@/lib/config/catalog";
import { priceLists, provideStoredPrices } from "@/lib/config/current-catalog";
import type { PriceMode, StoredPrice } from "@/lib/config/stored-prices";
import type { Processor } from "@/lib/config/terms";
import { env } from "@/lib/core/env";
import { log } from "@/lib/core/observability";
import { singleton } from "@/lib/core/singleton";

/** The price lists of this process's catalog and environment. */
export function configuredPriceLists(processor: Processor): PriceLists {
  return priceLists(processor, process.env, { sandbox: env().sandbox, mode: modeOf(processor) });
}

/** The mode of the account that this deployment uses. */
export function modeOf(processor: Processor): PriceMode {
  const { stripe, paddle } = env();
  const live = { stripe: /_live_/.test(stripe.secretKey ?? ""), paddle: paddle.environment === "production" };
  return live[processor] ? "live" : "test";
}

interface Cache {
  load?: () => Promise<readonly StoredPrice[]>;
  /** The start of the last load that succeeded or failed; milliseconds. */
  loadedAt: number;
  loading: Promise<void> | null;
}

const cache = singleton("price-cache", (): Cache => ({ loadedAt: Number.NEGATIVE_INFINITY, loading: null }));

/** A running process sells a changed price at the latest after this time. */
const SOLD_FOR_MS = 30_000;
/** A delivery with an unknown price reads the prices again, but not more often. */
const UNKNOWN_AFTER_MS = 3_000;

/** Sets how prices are read. `lib/server` calls it at start. */
export function providePriceSource(load: () => Promise<readonly StoredPrice[]>): void {
  cache.load = load;
  cache.loadedAt = Number.NEGATIVE_INFINITY;
}

/**
 * Reads the stored prices again if they are older than `maxAgeMs`. Concurrent calls share one read. If the read fails, the
 * known prices stay in use.
 */
export async function refreshPrices(maxAgeMs: number, now = performance.now()): Promise<void> {
  if (cache.load === undefined) return;
  if (cache.loading === null && now - cache.loadedAt < maxAgeMs) return;
  cache.loading ??= read(cache.load, now).finally(() => {
    cache.loading = null;
  });
  return cache.loading;
}

async function read(load: NonNullable<Cache["load"]>, now: number): Promise<void> {
  cache.loadedAt = now;
  try {
    provideStoredPrices(await load());
  } catch (error) {
    log.warn({ error: String(error) }, "[Prices] The stored prices could not be read");
  }
}

/** Reads the prices again before a sale if they are old. */
export const refreshSoldPrices = () => refreshPrices(SOLD_FOR_MS);

/** Reads the prices again after an unknown one. */
export const refreshUnknownPrices = () => refreshPrices(UNKNOWN_AFTER_MS);
