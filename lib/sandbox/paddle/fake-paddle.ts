import { sign } from "../event-builders/paddle/events";
import type { Played } from "../fake-processor";
import { advance, nextDue } from "./time";
import { objectIds, userIdOf, type World } from "./account-state";

/** Paddle, as the core plays it. */
export const playedPaddle: Played<World> = {
  processor: "paddle",
  objectIds,
  userId: userIdOf,
  nextDue,
  advance,
  signature: (raw, secret, sentAt) => ["paddle-signature", sign(raw, secret, Math.floor(sentAt / 1000))],
};
