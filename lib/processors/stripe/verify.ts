import { headerCheck, verifier } from "../signature";

const SCHEME = { separator: ",", timestamp: "t", digest: "v1", joint: "." };

/**
 * Checks a `Stripe-Signature` header (`t=<seconds>,v1=<hex>[,v1=<hex>…]`) over the received bytes. The SDK's verifier
 * decodes the bytes to a string first, so that different bytes can pass as the same text. It accepts future timestamps.
 */
export const verify = verifier(SCHEME);

export const refuseHeader = headerCheck(SCHEME);
