import { sign } from "@/lib/processors/paddle/events";
import type { Played } from "../played";
import { advance, nextDue } from "./time";
import { objectIds, userIdOf, type World } from "./world";

/** Paddle, as the core plays it. */
export const playedPaddle: Played<World> = {
  processor: "paddle",
  objectIds,
  userId: userIdOf,
  nextDue,
  advance,
  signature: (raw, secret, sentAt) => ["paddle-signature", sign(raw, secret, Math.floor(sentAt / 1000))],
};
