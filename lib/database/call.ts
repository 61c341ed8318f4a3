import type { z } from "zod";
import type { Instant } from "@/lib/billing/facts";
import { camelKeys } from "./camel-keys";
import type { Transport } from "./transport";

/** Calls a Postgres function and parses its result. */
export type Call = <T extends z.ZodType>(
  result: T,
  name: string,
  args: Readonly<Record<string, unknown>>,
) => Promise<z.infer<T>>;

export function callOver(transport: Transport): Call {
  return async (result, name, args) => result.parse(camelKeys(await transport.call(name, args)));
}

/** An instant as Postgres reads it. */
export function iso(at: Instant): string;
export function iso(at: Instant | null): string | null;
export function iso(at: Instant | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
