/**
 * Shares the connections among users: one user's calls hold few of them at once, however many requests the user sends and
 * whether or not their row is locked. Calls for no single user pass: batches of the gate, deliveries, lists of admins.
 */
import { USER_QUEUE_MS } from "@/lib/deadlines";
import { slots } from "@/lib/slots";
import { DatabaseError } from "../errors";
import type { Transport } from "./transport";

/** A quarter of the pool. */
const CONNECTIONS_PER_USER = 4;
/** Waiting costs memory alone. */
const WAITING_PER_USER = 1_024;

export function sharedByUsers(transport: Transport): Transport {
  const { enter } = slots({
    running: CONNECTIONS_PER_USER,
    waiting: WAITING_PER_USER,
    patience: USER_QUEUE_MS,
    refusal: () => new DatabaseError("Too many calls of this user are waiting.", "unavailable", "overloaded"),
  });
  return {
    ...transport,
    async call(name, args) {
      if (typeof args.p_user_id !== "string") return transport.call(name, args);
      const release = await enter(args.p_user_id);
      try {
        return await transport.call(name, args);
      } finally {
        release();
      }
    },
  };
}
