import { sign } from "../event-builders/paddle/events";
import type { FakeProcessor } from "../fake-processor";
import { type AccountState, objectIds, userIdOf } from "./account-state";
import { advance, nextDue } from "./time";

/** Paddle's side of the core's interface. */
export const fakePaddle: FakeProcessor<AccountState> = {
  processor: "paddle",
  objectIds,
  userId: userIdOf,
  nextDue,
  advance,
  signature: (raw, secret, sentAt) => ["paddle-signature", sign(raw, secret, Math.floor(sentAt / 1000))],
};
