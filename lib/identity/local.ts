/** The sandbox's identity: a visitor signs in as any user without a password. It is never chosen in production. */
import { jwtVerify, SignJWT } from "jose";
import { env } from "@/lib/core/env";
import { cookieName } from "./cookie-attributes";
import type { Identity, IdentityProvider } from "./identity";
import { requestCookies } from "./request-cookies";

/** The name contains the port: browsers share cookies between ports, so two local servers would end each other's sessions. */
export const localCookie = () => cookieName(`tollgate_session_${env().port}`);
export const LOCAL_SESSION_SECONDS = 30 * 24 * 3600;

const ISSUER = "tollgate-local";

export const local: IdentityProvider = {
  async userOf(headers) {
    const token = requestCookies(headers).find(({ name }) => name === localCookie())?.value;
    if (token === undefined) return null;
    try {
      const { payload } = await jwtVerify(token, key(), { issuer: ISSUER, algorithms: ["HS256"] });
      const { sub, email, name } = payload;
      return typeof sub === "string" ? { id: sub, email: textOrNull(email), name: textOrNull(name) } : null;
    } catch {
      return null;
    }
  },
};

/** A session token for this user. */
export async function signLocalSession({ id, email, name }: Identity): Promise<string> {
  return new SignJWT({ email, name })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(id)
    .setIssuer(ISSUER)
    .setIssuedAt()
    .setExpirationTime(`${LOCAL_SESSION_SECONDS} seconds`)
    .sign(key());
}

function key(): Uint8Array {
  const { localSecret } = env();
  if (localSecret === undefined) throw new Error("TOLLGATE_LOCAL_SECRET is not set.");
  return new TextEncoder().encode(localSecret);
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
