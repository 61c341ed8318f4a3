/** Who is asking: one interface for every identity provider. */
export interface Identity {
  id: string;
  email: string | null;
  name: string | null;
}

export interface IdentityProvider {
  /** The signed-in user by the request's headers; null for nobody, an expired or a forged session. Never throws. */
  userOf(headers: Headers): Promise<Identity | null>;
}

export interface CurrentUser extends Identity {
  admin: boolean;
}

/** Who calls a usage route: a service that says for whom, or a user for themselves. */
export type Caller = { kind: "service" } | { kind: "user"; user: CurrentUser };
