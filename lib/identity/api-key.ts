import { createHash, timingSafeEqual } from "node:crypto";

/** Whether an `Authorization` header has the secret as its bearer token. Compares hashes in constant time. */
export function bearerIs(authorization: string | null, secret: string | undefined): boolean {
  const given = /^Bearer (.+)$/i.exec(authorization ?? "")?.[1];
  return secret !== undefined && given !== undefined && timingSafeEqual(digest(given), digest(secret));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
