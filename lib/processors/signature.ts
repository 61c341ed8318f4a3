/**
 * Checks signatures over raw bytes. Both processors send a header with a timestamp and HMAC-SHA256 digests. The SDKs'
 * verifiers check less; each processor's `verify.ts` lists the differences.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Instant } from "@/lib/billing/types";
import type { RefusalReason, WebhookSource } from "./webhook-source";

/** The format of a processor's header and of the signed text. */
export interface SignatureScheme {
  /** Between the header's parts. */
  separator: string;
  timestamp: string;
  digest: string;
  /** Between the timestamp and the body. */
  joint: string;
}

/** The maximum difference of the clocks, in either direction; exactly this much is valid. */
const TOLERANCE_SECONDS = 300;

/**
 * Makes the verifier of a scheme. Any digest may match any secret, for rotation. The time is checked after the signature,
 * so that only senders who know a secret learn about our clock. Never throws.
 */
export function verifier(scheme: SignatureScheme): WebhookSource["verify"] {
  return (raw, header, secrets, now) => {
    const signed = readHeader(scheme, header ?? "");
    if (signed === null) return { valid: false, reason: refuseHeader(scheme, header) ?? "invalid_signature" };
    if (!anySecretMatches(scheme, raw, signed, secrets)) return { valid: false, reason: "invalid_signature" };
    return inTime(Number(signed.timestamp), now);
  };
}

/** Makes the check of a header before its body is read: it returns the reason for a refusal, or null. */
export function headerCheck(scheme: SignatureScheme): WebhookSource["refuseHeader"] {
  return (header) => refuseHeader(scheme, header);
}

function refuseHeader(scheme: SignatureScheme, header: string | null): RefusalReason | null {
  if (header === null || header.trim() === "") return "missing_signature";
  return readHeader(scheme, header) === null ? "invalid_signature" : null;
}

function inTime(timestampSeconds: number, now: Instant): ReturnType<WebhookSource["verify"]> {
  const age = Math.floor(now / 1000) - timestampSeconds;
  if (age > TOLERANCE_SECONDS) return { valid: false, reason: "timestamp_too_old" };
  if (age < -TOLERANCE_SECONDS) return { valid: false, reason: "timestamp_in_future" };
  return { valid: true };
}

interface SignedHeader {
  /** As written, since these characters are part of the signed text. */
  timestamp: string;
  signatures: Buffer[];
}

/** null for a header without exactly one timestamp and at least one well-formed digest. */
function readHeader(scheme: SignatureScheme, header: string): SignedHeader | null {
  const timestamps: string[] = [];
  const signatures: Buffer[] = [];
  for (const part of header.split(scheme.separator)) {
    const equals = part.indexOf("=");
    if (equals < 0) continue;
    const name = part.slice(0, equals).trim();
    const value = part.slice(equals + 1).trim();
    if (name === scheme.timestamp) timestamps.push(value);
    if (name === scheme.digest && /^[0-9a-f]{64}$/.test(value)) signatures.push(Buffer.from(value, "hex"));
  }
  const [timestamp, ...others] = timestamps;
  if (timestamp === undefined || others.length > 0 || !/^[1-9]\d{0,11}$/.test(timestamp)) return null;
  return signatures.length === 0 ? null : { timestamp, signatures };
}

/** Skips an empty secret, since any sender can sign with it. Compares all pairs, so that the time reveals nothing. */
function anySecretMatches(
  { joint }: SignatureScheme,
  raw: Uint8Array,
  { timestamp, signatures }: SignedHeader,
  secrets: readonly string[],
) {
  let matches = false;
  for (const secret of secrets) {
    if (secret.trim() === "") continue;
    const expected = createHmac("sha256", secret).update(`${timestamp}${joint}`).update(raw).digest();
    for (const signature of signatures) matches = timingSafeEqual(signature, expected) || matches;
  }
  return matches;
}
