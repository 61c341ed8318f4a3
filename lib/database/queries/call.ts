import type { z } from "zod";
import type { Instant } from "@/lib/billing/types";
import { DatabaseError, isRepeatable } from "../errors";
import { countUsageFailure } from "../transports/metrics";
import type { Transport } from "../transports/transport";
import { camelKeys } from "./camel-keys";

interface CallOptions {
  /** Without it, all keys of the result become camelCase. */
  keys?: "as stored";
  /** An installation's own function that counts usage: the metrics count its failures as those of the gate. */
  countsUsage?: boolean;
}

/** Calls a Postgres function and parses its result. */
export type Call = <T extends z.ZodType>(
  result: T,
  name: string,
  args: Readonly<Record<string, unknown>>,
  options?: CallOptions,
) => Promise<z.infer<T>>;

/** The calls over one transport. Each throws DatabaseError. */
export function callOver(transport: Transport): Call {
  return async (result, name, args, options) => {
    const answer = await callAgainAfterErasure(transport, name, args).catch((error: unknown) => {
      if (options?.countsUsage && error instanceof DatabaseError) countUsageFailure(name, error);
      throw error;
    });
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
