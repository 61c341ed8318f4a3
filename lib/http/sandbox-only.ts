import { env } from "@/lib/core/env";
import { HttpError } from "./http-error";

/**
 * Refuses a request that only the sandbox serves.
 * @throws HttpError 404
 */
export function requireSandbox(): void {
  if (!env().sandbox) throw new HttpError(404, "not_found", "There is nothing here.");
}
