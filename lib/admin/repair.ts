/** What an admin puts right for a user: a limit of their own, a link, a gauge. Each is a row in the trail. */
import { type Linked, type LinkRequest, link } from "@/lib/billing";
import { DatabaseError, type Gateway } from "@/lib/database";
import { audited } from "./audit";
import type { GrantRequest, RevokeRequest } from "./requests";

/** From now on the user's limit is this one, whatever the plan. @throws DatabaseError bad_input for a past expiry */
export function grantOverride({ userId, field, limit, expiresAt, reason }: GrantRequest, by: string, gateway: Gateway) {
  const until = expiresAt === null ? null : new Date(expiresAt).toISOString();
  return audited(
    { by, act: "override.granted", userId, details: { field, limit, expiresAt: until, ...(reason && { reason }) } },
    gateway,
    () => gateway.setLimitOverride(userId, field, limit, { expiresAt, by, ...(reason && { reason }) }),
  );
}

/** The plan's own limit counts again. */
export function revokeOverride({ userId, field }: RevokeRequest, by: string, gateway: Gateway) {
  return audited({ by, act: "override.revoked", userId, details: { field } }, gateway, () =>
    gateway.setLimitOverride(userId, field, null, { expiresAt: null, by }),
  );
}

/**
 * Links a customer, or moves a subscription; the trail has from whom.
 * @throws DatabaseError conflict if the customer is another user's already, not_found for an unknown subscription
 */
export function linkByHand(request: LinkRequest, by: string, gateway: Gateway): Promise<Linked> {
  const { processor, userId } = request;
  const doing =
    "customerId" in request
      ? ({ act: "customer.linked", details: { processor, customerId: request.customerId } } as const)
      : ({ act: "subscription.moved", details: { processor, subscriptionId: request.subscriptionId } } as const);
  return audited(
    { by, userId, ...doing },
    gateway,
    () => link(request, gateway),
    ({ events, moved }) => ({ events: events.length, ...moved }),
  );
}

/** One of a list, with what came of it: a refused one does not stop the next. */
export type LinkedItem = LinkRequest & (Linked | { linked: false; error: string; reason: string });

/** Does each link of the list in turn. @throws DatabaseError unavailable */
export async function linkAllByHand(requests: readonly LinkRequest[], by: string, gateway: Gateway) {
  const links: LinkedItem[] = [];
  for (const request of requests) {
    try {
      links.push({ ...request, ...(await linkByHand(request, by, gateway)) });
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.problem === "unavailable" || error.problem === "broken")
        throw error;
      links.push({ ...request, linked: false, error: error.message, reason: error.reason ?? error.problem });
    }
  }
  return { links };
}

/** Sets the gauge to the number of the things that exist. */
export function syncGauge(userId: string, by: string, gateway: Gateway) {
  return audited(
    { by, act: "gauge.synced", userId, details: {} },
    gateway,
    () => gateway.syncChatbotCount(userId),
    (result) => result,
  );
}
