import { headerCheck, verifier } from "../signature";

const SCHEME = { separator: ";", timestamp: "ts", digest: "h1", joint: ":" };

/**
 * Checks a `Paddle-Signature` header (`ts=<seconds>;h1=<hex>[;h1=<hex>…]`) over the received bytes. The SDK's verifier reads
 * the last `h1` only, so that secrets cannot be rotated. It also refuses events after 5 seconds, accepts the future, and
 * compares in varying time.
 */
export const verify = verifier(SCHEME);

export const refuseHeader = headerCheck(SCHEME);
