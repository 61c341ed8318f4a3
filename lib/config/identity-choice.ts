/** Which identity an installation uses. */
import type { Settings } from "./config-types";

/** `function`: the config's own one. null: none is set up. */
export type IdentityKind = "clerk" | "supabase" | "local" | "function" | null;

/** The part of the environment that the choice needs. */
interface Environment {
  sandbox: boolean;
  clerk: { secretKey: string | undefined; publishableKey: string | undefined };
  supabase: { url: string | undefined; publishableKey: string | undefined };
  /** The choice by keys alone. */
  identity: Exclude<IdentityKind, "function">;
}

/**
 * The config's choice; without one, the environment's keys choose. A provider without its keys becomes `local` in the sandbox,
 * and null in production, where the start reports it. `local` exists in the sandbox only.
 */
export function identityChoice({ identify }: Pick<Settings, "identify">, environment: Environment): IdentityKind {
  const { sandbox, clerk, supabase, identity } = environment;
  if (identify === null) return identity;
  if (typeof identify === "function") return "function";
  const { provider } = identify;
  if (provider === "clerk" && clerk.secretKey && clerk.publishableKey) return provider;
  if (provider === "supabase" && supabase.url && supabase.publishableKey) return provider;
  return sandbox ? "local" : null;
}
