import { nothingHere } from "@/lib/core/domain-error";
import { env } from "@/lib/core/env";

/**
 * Refuses a request that only the sandbox serves.
 * @throws DomainError not_found
 */
export function requireSandbox(): void {
  if (!env().sandbox) throw nothingHere();
}
