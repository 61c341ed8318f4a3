/** Brings e-mail and name, as the identity provider knows them, to the profile. */
import { gateway } from "@/lib/database";
import { log } from "@/lib/observability";
import type { Identity } from "./identity";
import { provider } from "./provider";

/** Users whose profile this process has already stored as it is; the oldest is forgotten first. */
const stored = new Map<string, string>();
const STORED_MAX = 10_000;

/** Stores what is known of a user when it is new or has changed. Runs after the answer is sent, so it never throws. */
export async function rememberProfile({ id, email, name }: Identity): Promise<void> {
  const said = JSON.stringify([email, name]);
  if (stored.get(id) === said) return;
  stored.delete(id);
  stored.set(id, said);
  const [oldest] = stored.keys();
  if (stored.size > STORED_MAX && oldest !== undefined) stored.delete(oldest);
  try {
    const user = await gateway().rememberProfile(id, email, name);
    // Erased: a user who comes back starts with a profile again.
    if (user === null) stored.delete(id);
    if (user === null || user.email !== null) return;
    const profile = await (await provider())?.profileOf?.(id);
    if (profile) await gateway().rememberProfile(id, profile.email, profile.name);
  } catch (error) {
    stored.delete(id);
    log.warn({ userId: id, error: String(error) }, "A profile could not be stored");
  }
}

/** After an erasure: a user who comes back starts with a profile again. */
export function forgetProfile({ id }: Identity): void {
  stored.delete(id);
}
