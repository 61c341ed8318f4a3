import { sign } from "../event-builders/stripe/events";
import type { Played } from "../fake-processor";
import { advance, nextDue } from "./time";
import { objectIds, userIdOf, type World } from "./account-state";

/** Stripe, as the core plays it. */
export const playedStripe: Played<World> = {
  processor: "stripe",
  objectIds,
  userId: userIdOf,
  nextDue,
  advance,
  signature: (raw, secret, sentAt) => ["stripe-signature", sign(raw, secret, Math.floor(sentAt / 1000))],
};
