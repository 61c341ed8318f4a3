import { ProcessorError } from "./processor-client";

/**
 * Returns the id if it is well-formed. SDKs put ids into paths and queries: `../` or a comma would address something else.
 * @throws ProcessorError not_found
 */
export function entityId(id: string): string {
  if (/^[A-Za-z0-9_-]{1,255}$/.test(id)) return id;
  throw new ProcessorError("There is no such entity: the id is malformed.", "not_found", "malformed_id");
}
