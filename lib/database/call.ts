import type { z } from "zod";
import type { Instant } from "@/lib/billing/facts";
import { camelKeys } from "./camel-keys";
import type { Transport } from "./transport";

/** Calls a Postgres function and parses its result. */
export type Call = <T extends z.ZodType>(
  result: T,
  name: string,
  args: Readonly<Record<string, unknown>>,
  /** Without it the result's keys are turned to camelCase, at every depth. */
  options?: { keys: "as stored" },
) => Promise<z.infer<T>>;

export function callOver(transport: Transport): Call {
  return async (result, name, args, options) => {
    const answer = await transport.call(name, args);
    return result.parse(options?.keys === "as stored" ? answer : camelKeys(answer));
  };
}

/** An instant as Postgres reads it. */
export function iso(at: Instant): string;
export function iso(at: Instant | null): string | null;
export function iso(at: Instant | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
