/** What an admin puts right for a user: a limit of their own, a link, a gauge. Each is a row in the trail. */
import type { z } from "zod";
import { linkCustomer, type linkRequest } from "@/lib/billing";
import type { Gateway } from "@/lib/database";
import { onRecord } from "./acts";
import type { GrantRequest, RevokeRequest } from "./requests";

/** From now on the user's limit is this one, whatever the plan. @throws DatabaseError bad_input for a past expiry */
export function grantOverride({ userId, field, limit, expiresAt, reason }: GrantRequest, by: string, gateway: Gateway) {
  const until = expiresAt === null ? null : new Date(expiresAt).toISOString();
  return onRecord(
    { by, act: "override.granted", userId, details: { field, limit, expiresAt: until, ...(reason && { reason }) } },
    gateway,
    () => gateway.setLimitOverride(userId, field, limit, { expiresAt, by, ...(reason && { reason }) }),
  );
}

/** The plan's own limit counts again. */
export function revokeOverride({ userId, field }: RevokeRequest, by: string, gateway: Gateway) {
  return onRecord({ by, act: "override.revoked", userId, details: { field } }, gateway, () =>
    gateway.setLimitOverride(userId, field, null, { expiresAt: null, by }),
  );
}

/** @throws DatabaseError conflict where the customer is another user's already */
export function linkByHand(link: z.infer<typeof linkRequest>, by: string, gateway: Gateway) {
  const { processor, customerId, userId } = link;
  return onRecord(
    { by, act: "customer.linked", userId, details: { processor, customerId } },
    gateway,
    () => linkCustomer(link, gateway),
    ({ events }) => ({ events: events.length }),
  );
}

/** Sets the gauge to the number of the things that exist. */
export function syncGauge(userId: string, by: string, gateway: Gateway) {
  return onRecord(
    { by, act: "gauge.synced", userId, details: {} },
    gateway,
    () => gateway.syncChatbotCount(userId),
    (result) => result,
  );
}
