/** How an installation identifies its users: a preset, or a function of its own. */

/** The user of a request, as an installation's own function names it. */
export interface IdentifiedUser {
  /** Any text of 1 to 255 characters that names one user for ever. */
  userId: string;
  email?: string | null | undefined;
  name?: string | null | undefined;
  /** "admin" opens the admin pages. */
  role?: string | null | undefined;
}

/**
 * Finds the user of a request; null without a session. Runs for each request that needs its user. Pages pass a request that has
 * the headers of theirs, and the address of the site. An error or a malformed answer means: not signed in.
 */
export type Identify = (request: Request) => IdentifiedUser | null | Promise<IdentifiedUser | null>;

export const IDENTITY_PROVIDERS = ["clerk", "supabase", "local"] as const;
export interface IdentityPreset {
  readonly provider: (typeof IDENTITY_PROVIDERS)[number];
}

/** Users sign in with Clerk. The sandbox without Clerk's keys uses `local()`. */
export const clerk = () => ({ provider: "clerk" }) as const satisfies IdentityPreset;
/** Users sign in with Supabase Auth. The sandbox without Supabase's keys uses `local()`. */
export const supabase = () => ({ provider: "supabase" }) as const satisfies IdentityPreset;
/** Users sign in with any id and no password. Works in the sandbox only. */
export const local = () => ({ provider: "local" }) as const satisfies IdentityPreset;
