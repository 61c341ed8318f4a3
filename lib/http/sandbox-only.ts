import { env } from "@/lib/env";
import { HttpError } from "./http-error";

/**
 * Ends a request that only the sandbox serves; elsewhere there is nothing here.
 * @throws HttpError 404
 */
export function requireSandbox(): void {
  if (!env().sandbox) throw new HttpError(404, "not_found", "There is nothing here.");
}
