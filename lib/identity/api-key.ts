import { createHash, timingSafeEqual } from "node:crypto";

/** Whether an `Authorization` header has the secret as its bearer token. Compares hashes in constant time. */
export function hasBearerToken(authorization: string | null, secret: string | undefined): boolean {
  const token = /^Bearer (.+)$/i.exec(authorization ?? "")?.[1];
  return secret !== undefined && token !== undefined && timingSafeEqual(digest(token), digest(secret));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
