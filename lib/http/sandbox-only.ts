import { DomainError } from "@/lib/core/domain-error";
import { env } from "@/lib/core/env";

/**
 * Refuses a request that only the sandbox serves.
 * @throws DomainError not_found
 */
export function requireSandbox(): void {
  if (!env().sandbox) throw new DomainError("not_found", "not_found", "There is nothing here.");
}
