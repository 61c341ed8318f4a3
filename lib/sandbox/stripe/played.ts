import { sign } from "@/lib/processors/stripe/events";
import type { Played } from "../played";
import { advance, nextDue } from "./time";
import { objectIds, userIdOf, type World } from "./world";

/** Stripe, as the core plays it. */
export const playedStripe: Played<World> = {
  processor: "stripe",
  objectIds,
  userId: userIdOf,
  nextDue,
  advance,
  signature: (raw, secret, sentAt) => ["stripe-signature", sign(raw, secret, Math.floor(sentAt / 1000))],
};
