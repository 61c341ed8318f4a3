import { sign } from "../event-builders/stripe/events";
import type { FakeProcessor } from "../fake-processor";
import { type AccountState, objectIds, userIdOf } from "./account-state";
import { advance, nextDue } from "./time";

/** Stripe's side of the core's interface. */
export const fakeStripe: FakeProcessor<AccountState> = {
  processor: "stripe",
  objectIds,
  userId: userIdOf,
  nextDue,
  advance,
  signature: (raw, secret, sentAt) => ["stripe-signature", sign(raw, secret, Math.floor(sentAt / 1000))],
};
