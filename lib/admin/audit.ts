/** The trail of what admins do by hand: every act is a row, with who; those that were refused, too. */
import type { Gateway } from "@/lib/database";
import { log } from "@/lib/observability";

/** What is done by hand. */
export type Act =
  | "override.granted"
  | "override.revoked"
  | "event.replayed"
  | "event.dismissed"
  | "customer.linked"
  | "subscription.moved"
  | "gauge.synced"
  | "reconcile.run"
  | "simulation.run";

interface Doing {
  by: string;
  act: Act;
  /** Whom it is about; null where it is about nobody in particular. */
  userId: string | null;
  details: Record<string, unknown>;
}

/**
 * Carries the act out and writes it down, with what came of it. What fails is written down as well: somebody tried.
 * @param said what of the result is kept
 */
export async function audited<T>(
  { by, act, userId, details }: Doing,
  gateway: Gateway,
  work: () => Promise<T>,
  said: (result: T) => Record<string, unknown> = () => ({}),
): Promise<T> {
  let result: T;
  try {
    result = await work();
  } catch (error) {
    await note({ by, act, userId, details: { ...details, refused: message(error) } }, gateway);
    throw error;
  }
  await gateway.recordAdminAct(by, act, userId, { ...details, ...said(result) });
  return result;
}

/** The error that is under way counts more than the trail's own. */
async function note({ by, act, userId, details }: Doing, gateway: Gateway): Promise<void> {
  try {
    await gateway.recordAdminAct(by, act, userId, details);
  } catch (error) {
    log.error({ by, act, userId, error: String(error) }, "[Admin] A refused act could not be written down");
  }
}

function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
