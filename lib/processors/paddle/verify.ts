import { headerCheck, verifier } from "../signature";

const SCHEME = { separator: ";", timestamp: "ts", digest: "h1", joint: ":" };

/**
 * Checks a `Paddle-Signature` header (`ts=<seconds>;h1=<hex>[;h1=<hex>…]`) over the bytes that came. The SDK's verifier
 * looks at the last `h1` only (so that a secret cannot be rotated), refuses what is older than 5 seconds, accepts the
 * future, and compares in varying time.
 */
export const verify = verifier(SCHEME);

export const refuseHeader = headerCheck(SCHEME);
