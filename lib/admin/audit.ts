/** The audit log: one row per action of an admin or of a service that sells, with the actor, also for a refused action. */

import { log } from "@/lib/core/observability";
import type { Gateway } from "@/lib/database";

export type AuditAction =
  | "override.granted"
  | "override.revoked"
  | "event.replayed"
  | "event.dismissed"
  | "customer.linked"
  | "subscription.moved"
  | "gauge.synced"
  | "checkout.opened"
  | "plan.changed"
  | "subscription.canceled"
  | "subscription.resumed"
  | "portal.opened"
  | "reconcile.run"
  | "simulation.run";

interface AuditedAction {
  by: string;
  action: AuditAction;
  /** The user whom the action changes; null if it has no single user. */
  userId: string | null;
  details: Record<string, unknown>;
}

/**
 * Runs `work` and records the action with its result. A failed attempt is recorded too.
 * @param summarize the part of the result to record
 */
export async function audited<T>(
  { by, action, userId, details }: AuditedAction,
  gateway: Gateway,
  work: () => Promise<T>,
  summarize: (result: T) => Record<string, unknown> = () => ({}),
): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await recordRefusal({ by, action, userId, details: { ...details, refused: messageOf(error) } }, gateway);
    throw error;
  }
  await gateway.recordAuditEntry(by, action, userId, { ...details, ...summarize(result) });
  return result;
}

/** Never throws: the caller throws the error of the action itself. */
async function recordRefusal({ by, action, userId, details }: AuditedAction, gateway: Gateway): Promise<void> {
  try {
    await gateway.recordAuditEntry(by, action, userId, details);
  } catch (error) {
    log.error({ by, action, userId, error: String(error) }, "[Admin] Recording a refused action failed");
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
