/** Repairs by an admin: limit overrides, links and gauges. Each writes an entry of the audit log. */

import { DomainError } from "@/lib/core/domain-error";
import { DatabaseError, type Gateway } from "@/lib/database";
import { type Linked, type LinkRequest, link } from "@/lib/webhooks";
import { audited } from "./audit";
import type { GrantRequest, RevokeRequest, SyncRequest } from "./requests";

/** Sets a user's limit instead of the plan's. @throws DatabaseError bad_input for a past expiry */
export function grantOverride({ userId, field, limit, expiresAt, reason }: GrantRequest, by: string, gateway: Gateway) {
  const until = expiresAt === null ? null : new Date(expiresAt).toISOString();
  return audited(
    { by, action: "override.granted", userId, details: { field, limit, expiresAt: until, ...(reason && { reason }) } },
    gateway,
    () => gateway.setLimitOverride(userId, field, limit, { expiresAt, by, ...(reason && { reason }) }),
  );
}

/** Removes the override, so that the plan's limit applies. */
export function revokeOverride({ userId, field }: RevokeRequest, by: string, gateway: Gateway) {
  return audited({ by, action: "override.revoked", userId, details: { field } }, gateway, () =>
    gateway.setLimitOverride(userId, field, null, { expiresAt: null, by }),
  );
}

/**
 * Links a customer, or moves a subscription. The audit entry of a move contains the former user.
 * @throws DatabaseError conflict if the customer is linked to another user, not_found for an unknown subscription
 */
export function linkByHand(request: LinkRequest, by: string, gateway: Gateway): Promise<Linked> {
  const { processor, userId } = request;
  const action =
    "customerId" in request
      ? ({ action: "customer.linked", details: { processor, customerId: request.customerId } } as const)
      : ({ action: "subscription.moved", details: { processor, subscriptionId: request.subscriptionId } } as const);
  return audited(
    { by, userId, ...action },
    gateway,
    () => link(request, gateway),
    ({ events, moved }) => ({ events: events.length, ...moved }),
  );
}

/**
 * A service links customers; only an admin moves a subscription from one user to another.
 * @throws DomainError forbidden
 */
export function requireLinksOf<T extends readonly LinkRequest[]>({ service }: { service: boolean }, links: T): T {
  if (service && links.some((link) => "subscriptionId" in link))
    throw new DomainError("forbidden", "admin_required", "Only an admin can move a subscription.");
  return links;
}

/** One item of a list, with its result. */
export type LinkedItem = LinkRequest & (Linked | { linked: false; error: string; reason: string });

/** Makes the links of the list in order, and continues after a refused one. @throws DatabaseError unavailable */
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

/** Sets the gauge to the number of things that exist. */
export function syncGauge({ userId, field }: SyncRequest, by: string, gateway: Gateway) {
  return audited(
    { by, action: "gauge.synced", userId, details: {} },
    gateway,
    () => gateway.syncGauge(userId, field),
    (result) => result,
  );
}
