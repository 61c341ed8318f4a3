/**
 * Limits the connections of one user, for any number of requests and also on a locked row. Calls for no single user are
 * not limited: gate batches, deliveries, admin lists.
 */
import { USER_QUEUE_MS } from "@/lib/core/deadlines";
import { slots } from "@/lib/core/slots";
import { DatabaseError } from "../errors";
import type { Transport } from "./transport";

/** A quarter of the pool. */
const CONNECTIONS_PER_USER = 4;
/** A waiting call costs only memory. */
const WAITING_PER_USER = 1_024;

/** The transport with the limit. A call throws DatabaseError unavailable if too many calls of its user wait. */
export function limitedPerUser(transport: Transport): Transport {
  const { enter } = slots({
    maxRunning: CONNECTIONS_PER_USER,
    maxWaiting: WAITING_PER_USER,
    maxWaitMs: USER_QUEUE_MS,
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
