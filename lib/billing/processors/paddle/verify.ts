/**
 * Paddle's signature, checked by hand: the SDK's verifier looks at the last `h1` only (so that a secret cannot be
 * rotated), refuses what is older than 5 seconds, accepts the future, and compares in varying time.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Instant } from "@/lib/billing/facts";
import type { Verification } from "@/lib/billing/processors/processor";

/** How far the signature's clock may be off, either way; exactly this much is valid. */
const TOLERANCE_SECONDS = 300;

/**
 * Checks a `Paddle-Signature` header (`ts=<seconds>;h1=<hex>[;h1=<hex>…]`) over the bytes that came.
 *
 * Any `h1` may match any secret, for rotation. The time is judged after the signature, so that only who knows a
 * secret learns about our clock. Never throws.
 */
export function verify(raw: Uint8Array, header: string | null, secrets: readonly string[], now: Instant): Verification {
  if (header === null || header.trim() === "") return { valid: false, reason: "missing_signature" };
  const signed = readHeader(header);
  if (signed === null) return { valid: false, reason: "invalid_signature" };

  if (!anySecretMatches(raw, signed, secrets)) return { valid: false, reason: "invalid_signature" };

  const age = Math.floor(now / 1000) - Number(signed.timestamp);
  if (age > TOLERANCE_SECONDS) return { valid: false, reason: "timestamp_too_old" };
  if (age < -TOLERANCE_SECONDS) return { valid: false, reason: "timestamp_in_future" };
  return { valid: true };
}

interface SignedHeader {
  /** As written, since these characters are part of what is signed. */
  timestamp: string;
  signatures: Buffer[];
}

/** null for a header without exactly one timestamp and at least one well-formed `h1`. */
function readHeader(header: string): SignedHeader | null {
  const timestamps: string[] = [];
  const signatures: Buffer[] = [];
  for (const part of header.split(";")) {
    const separator = part.indexOf("=");
    if (separator < 0) continue;
    const scheme = part.slice(0, separator).trim();
    const value = part.slice(separator + 1).trim();
    if (scheme === "ts") timestamps.push(value);
    if (scheme === "h1" && /^[0-9a-f]{64}$/.test(value)) signatures.push(Buffer.from(value, "hex"));
  }
  const [timestamp, ...others] = timestamps;
  if (timestamp === undefined || others.length > 0 || !/^[1-9]\d{0,11}$/.test(timestamp)) return null;
  return signatures.length === 0 ? null : { timestamp, signatures };
}

/** An empty secret is skipped: anybody can sign with it. Goes through all, so that time tells nothing. */
function anySecretMatches(raw: Uint8Array, { timestamp, signatures }: SignedHeader, secrets: readonly string[]) {
  let matches = false;
  for (const secret of secrets) {
    if (secret.trim() === "") continue;
    const expected = createHmac("sha256", secret).update(`${timestamp}:`).update(raw).digest();
    for (const signature of signatures) matches = timingSafeEqual(signature, expected) || matches;
  }
  return matches;
}
