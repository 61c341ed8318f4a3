/** The interface of every identity provider. */
export interface Identity {
  id: string;
  /** null if the provider's token does not contain it. */
  email: string | null;
  name: string | null;
  /** The installation's own function made the user an admin. */
  admin?: boolean;
}

export interface Cookie {
  name: string;
  value: string;
  options: { maxAge?: number; path?: string; httpOnly?: boolean; secure?: boolean; sameSite?: "lax" };
}

/** Sets the cookies that a provider renews while it reads a session. */
export type SetCookies = (cookies: readonly Cookie[]) => void;

/** The provider's action before a page is rendered. */
export type BeforePageResult =
  /** Sent instead of the page: a redirect to the provider, which renews the session. */
  | { kind: "answer"; response: Response }
  /** The page reads the new cookies, and the browser stores them. */
  | { kind: "renewed"; cookies: readonly Cookie[]; headers: Record<string, string> };

export interface IdentityProvider {
  /**
   * The signed-in user by the request's headers; null without a session, or if it is expired or forged.
   * @param request absent in a page
   */
  userOf(headers: Headers, setCookies: SetCookies, request?: Request): Promise<Identity | null>;
  /** Called by proxy.ts. Does not decide about access. */
  beforePage?(request: Request): Promise<BeforePageResult | null>;
  /** Fetches the profile that the token did not contain; null if the provider does not respond. */
  profileOf?(userId: string): Promise<Pick<Identity, "email" | "name"> | null>;
}

export interface CurrentUser extends Identity {
  admin: boolean;
}

/** The caller of a usage route: a service names the user of each call, a session acts for its own user. */
export type Caller = { kind: "service" } | { kind: "user"; user: CurrentUser };
