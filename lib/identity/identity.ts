/** Who is asking: one interface for every identity provider. */
export interface Identity {
  id: string;
  /** null where the provider's token does not say. */
  email: string | null;
  name: string | null;
}

export interface Cookie {
  name: string;
  value: string;
  options: { maxAge?: number; path?: string; httpOnly?: boolean; secure?: boolean; sameSite?: "lax" };
}

/** Takes the cookies that a provider renews while it reads a session. */
export type SetCookies = (cookies: readonly Cookie[]) => void;

/** What a provider wants done before a page is rendered. */
export type BeforePageResult =
  /** Sent instead of the page: the provider renews its session elsewhere first. */
  | { kind: "answer"; response: Response }
  /** Renewed on the way: the page must see the new cookies, and the browser must keep them. */
  | { kind: "renewed"; cookies: readonly Cookie[]; headers: Record<string, string> };

export interface IdentityProvider {
  /** The signed-in user by the request's headers; null for nobody, an expired or a forged session. Never throws. */
  userOf(headers: Headers, keep: SetCookies): Promise<Identity | null>;
  /** Called by proxy.ts. Decides nothing about access. */
  beforePage?(request: Request): Promise<BeforePageResult | null>;
  /** Asks the provider for what its token did not say; null where it does not answer. */
  profileOf?(userId: string): Promise<Pick<Identity, "email" | "name"> | null>;
}

export interface CurrentUser extends Identity {
  admin: boolean;
}

/** Who calls a usage route: a service that says for whom, or a user for themselves. */
export type Caller = { kind: "service" } | { kind: "user"; user: CurrentUser };
