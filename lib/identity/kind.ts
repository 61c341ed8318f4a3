import { currentConfig } from "@/lib/config/current-catalog";
import { type IdentityKind, identityChoice } from "@/lib/config/identity-choice";
import { env } from "@/lib/core/env";

/** The identity of this installation, by its config and its environment. */
export function identityKind(): IdentityKind {
  return identityChoice(currentConfig(), env());
}
