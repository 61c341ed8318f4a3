/** Assigns a dispute to its user: Stripe's event names the disputed charge, and the charge names its customer. */
import type { Note, Processor } from "@/lib/billing/types";
import { log } from "@/lib/core/observability";
import type { Gateway } from "@/lib/database";
import type { FindClient } from "@/lib/processors/registry";

export interface Unattached {
  processor: Processor;
  charge: string;
  notes: readonly Note[];
}

/** Fetches the charge if the processor is configured. If that fails, the daily reconciliation attaches the notes. */
export async function attachDispute(
  { processor, charge, notes }: Unattached,
  find: FindClient,
  gateway: Gateway,
): Promise<void> {
  try {
    const customer = (await (await find(processor))?.client.chargedCustomer?.(charge)) ?? null;
    if (customer === null) return;
    const identity = { customer, subscription: null, trustedUserId: null };
    const { userId } = await gateway.resolveLinks(processor, identity);
    if (userId === null) return;
    const named = notes.map((note) => ({ ...note, customer }));
    await gateway.addFetchedNotes(userId, { processor, subscription: null }, named, true);
    log.info({ processor, charge, userId }, "[Webhook] A dispute is attached to its user");
  } catch (error) {
    log.warn({ processor, charge, error: String(error) }, "[Webhook] The charge of a dispute was not fetched");
  }
}
