import { createHash, timingSafeEqual } from "node:crypto";
import { env } from "@/lib/env";

/** Whether an `Authorization` header carries the usage key; compared in constant time, hashed to equal lengths. */
export function verifyServiceKey(authorization: string): boolean {
  const { usageApiKey } = env();
  const given = /^Bearer (.+)$/i.exec(authorization)?.[1];
  return usageApiKey !== undefined && given !== undefined && timingSafeEqual(digest(given), digest(usageApiKey));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
