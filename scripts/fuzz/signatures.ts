import { sign } from "@/lib/sandbox/event-builders/stripe/events";
import { SECRET } from "./environment";
import type { Random } from "./random";

export { SECRET };

const now = () => Math.floor(Date.now() / 1000);

/** A header like Stripe's. */
export function goodSignature(body: Buffer): string {
  return sign(body, SECRET, now());
}

/** A header that must be refused, or none. */
export function badSignature(body: Buffer, { pick, below, bytes }: Random): string | null {
  const good = goodSignature(body);
  const broken = good.length - 1 - below(64);
  const digit = good[broken] === "0" ? "1" : "0";
  return pick<() => string | null>([
    () => null,
    () => pick(["", " ", "v1", "t=,v1=", "t=1,v1=1", "\u0001", "v1=".repeat(2000)]),
    () =>
      bytes(40)
        .toString("latin1")
        .replace(/[^\x20-\x7e]/g, "?"),
    () => sign(body, "whsec_other", now()),
    () => sign(body, "", now()),
    () => sign(Buffer.concat([body, Buffer.from(" ")]), SECRET, now()),
    () => sign(body, SECRET, now() - 400 - below(1_000_000)),
    () => sign(body, SECRET, now() + 400 + below(1_000_000)),
    () => good.slice(0, broken) + digit + good.slice(broken + 1),
    () => good.replace("v1=", "v0="),
    () => good.replace(/^t=\d+/, (time) => `t=0${time.slice(2)}`),
    () => `t=${now() - 1},${good}`,
    () => good.toUpperCase(),
  ])();
}
