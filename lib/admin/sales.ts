/** Sales by a service for a named user: each writes an entry of the audit log. A user's own purchases do not. */
import type { Gateway } from "@/lib/database";
import { SERVICE_ACTOR, type Subject } from "@/lib/identity";
import { type AuditAction, audited } from "./audit";

type SaleAction = Extract<
  AuditAction,
  "checkout.opened" | "plan.changed" | "subscription.canceled" | "subscription.resumed" | "portal.opened"
>;

/** The parts of a request that the entry keeps. */
interface SaleInput {
  product?: string | undefined;
  plan?: string | undefined;
  interval?: string | undefined;
  processor?: string | undefined;
}

/** Runs `work`. If a service acts for the subject, records the sale, with the person whom the service names. */
export function recordedSale<T>(
  { id, service }: Subject,
  action: SaleAction,
  { product, plan, interval, processor }: SaleInput,
  gateway: Gateway,
  work: () => Promise<T>,
): Promise<T> {
  if (service === null) return work();
  const parts = { product, plan, interval, processor, actorId: service.actorId ?? undefined };
  const details = Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
  return audited({ by: SERVICE_ACTOR, action, userId: id, details }, gateway, work);
}
