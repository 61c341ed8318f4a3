/** Fetches subscriptions with their payments, refunds and disputes from the processors. */
import { LRUCache } from "lru-cache";
import type { Processor } from "@/lib/billing/types";
import { isProductId } from "@/lib/config/current-catalog";
import { log } from "@/lib/core/observability";
import type { LiveSubscription } from "@/lib/database";
import {
  type PaymentRecords,
  type ProcessorClient,
  ProcessorError,
  type SubscriptionReading,
} from "@/lib/processors/processor-client";
import type { FindClient } from "@/lib/processors/registry";

/** A subscription at the processor: one snapshot per product of ours. */
export interface FetchedSubscription
  extends Pick<SubscriptionReading, "facts" | "timestampSource">,
    Partial<Pick<SubscriptionReading, "shared">> {
  /** Its payments, refunds and disputes; null if the processor did not list them, so they are not compared. */
  records: PaymentRecords | null;
}

/**
 * Fetches a subscription from its processor, once per run.
 * @param again sends a second request in the same run
 */
export type FetchSubscription = (
  subject: Pick<LiveSubscription, "processor" | "subscription">,
  again?: "again",
) => Promise<FetchedSubscription | "not_found" | "unreachable">;

/** After this number of consecutive failures a run sends the processor no more requests: it is down, or its key is wrong. */
export const MAX_FAILURES = 5;

/** The products of a subscription are compared soon after each other. */
const REMEMBERED = 200;

/** Fetches by the processors' clients: once per subscription, for any number of products. */
export function fetchThrough(find: FindClient): FetchSubscription {
  const failures: Record<Processor, number> = { stripe: 0, paddle: 0 };
  const recordFailures: Record<Processor, number> = { stripe: 0, paddle: 0 };
  const sent = new LRUCache<string, ReturnType<FetchSubscription>>({ max: REMEMBERED });
  const send: FetchSubscription = async ({ processor, subscription }) => {
    if (failures[processor] >= MAX_FAILURES) return "unreachable";
    try {
      const client = (await find(processor))?.client;
      if (client === undefined) return "unreachable";
      const fetched = await client.subscription(subscription);
      failures[processor] = 0;
      const records = await fetchRecords(client, fetched, processor);
      return { ...fetched, facts: fetched.facts.filter(({ product }) => isProductId(product)), records };
    } catch (error) {
      if (!(error instanceof ProcessorError)) throw error;
      if (error.problem === "not_found") return "not_found";
      failures[processor] += 1;
      log.warn({ processor, subscription, error: String(error) }, "[Job] A processor did not respond");
      return "unreachable";
    }
  };
  return (subject, again) => {
    const key = `${subject.processor}:${subject.subscription}`;
    const response = (again === undefined ? sent.get(key) : undefined) ?? send(subject);
    sent.set(key, response);
    return response;
  };

  /** null if the API key may not list payments: the subscription is compared without them. */
  async function fetchRecords(
    client: Pick<ProcessorClient, "paymentRecords">,
    reading: SubscriptionReading,
    processor: Processor,
  ) {
    if (recordFailures[processor] >= MAX_FAILURES) return null;
    try {
      const records = await client.paymentRecords(reading);
      recordFailures[processor] = 0;
      return records;
    } catch (error) {
      if (!(error instanceof ProcessorError)) throw error;
      recordFailures[processor] += 1;
      const { subscription } = reading.identity;
      log.warn({ processor, subscription, error: String(error) }, "[Job] A processor did not list the payments");
      return null;
    }
  }
}
