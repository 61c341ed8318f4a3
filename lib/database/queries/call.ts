import type { z } from "zod";
import type { Instant } from "@/lib/billing/types";
import { isRepeatable } from "../errors";
import type { Transport } from "../transports/transport";
import { camelKeys } from "./camel-keys";

/** Calls a Postgres function and parses its result. */
export type Call = <T extends z.ZodType>(
  result: T,
  name: string,
  args: Readonly<Record<string, unknown>>,
  /** Without it, all keys of the result become camelCase. */
  options?: { keys: "as stored" },
) => Promise<z.infer<T>>;

/** The calls over one transport. Each throws DatabaseError. */
export function callOver(transport: Transport): Call {
  return async (result, name, args, options) => {
    const answer = await callAgainAfterErasure(transport, name, args);
    return result.parse(options?.keys === "as stored" ? answer : camelKeys(answer));
  };
}

const ATTEMPTS = 3;

/**
 * Repeats the call if an erasure deleted the user meanwhile. If every repetition meets an erasure, the error is
 * `unavailable`.
 */
async function callAgainAfterErasure(transport: Transport, name: string, args: Readonly<Record<string, unknown>>) {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transport.call(name, args);
    } catch (error) {
      if (attempt === ATTEMPTS || !isRepeatable(error)) throw error;
    }
  }
}

/** An instant in Postgres' format. */
export function iso(at: Instant): string;
export function iso(at: Instant | null): string | null;
export function iso(at: Instant | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
