/** Stores the identity provider's e-mail address and name in the profile. */

import { LRUCache } from "lru-cache";
import { log } from "@/lib/core/observability";
import { gateway } from "@/lib/database";
import type { Identity } from "./identity";
import { provider } from "./provider";

/** Profiles that this process has stored, by user. */
const stored = new LRUCache<string, string>({ max: 10_000 });

/** Stores a profile that is new or has changed. Runs after the response, so it never throws. */
export async function storeProfile({ id, email, name }: Identity): Promise<void> {
  const profile = JSON.stringify([email, name]);
  if (stored.get(id) === profile) return;
  stored.set(id, profile);
  try {
    const user = await gateway().storeProfile(id, email, name);
    // The account is erased: if the user returns, the profile is stored again.
    if (user === null) stored.delete(id);
    if (user === null || user.email !== null) return;
    const fetched = await (await provider())?.profileOf?.(id);
    if (fetched) await gateway().storeProfile(id, fetched.email, fetched.name);
  } catch (error) {
    stored.delete(id);
    log.warn({ userId: id, error: String(error) }, "Storing a profile failed");
  }
}

/** Call it after an erasure, so that the profile is stored again if the user returns. */
export function forgetProfile({ id }: Identity): void {
  stored.delete(id);
}
