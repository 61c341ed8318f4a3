/** Finds the client's network without trusting a header that a visitor can write. */
import { isIP } from "node:net";

/**
 * The network of the visitor: an IPv4 address, or the first 64 bits of an IPv6 address.
 * @param forwardedFor the `x-forwarded-for` header; each proxy appends its client's address
 * @param socketAddress the client address of the connection; null if it is unknown
 * @param trustedProxies the number of our proxies in front; with 0 the header is ignored
 */
export function resolveClientNetwork(
  forwardedFor: string | null,
  socketAddress: string | null,
  trustedProxies: number,
): string | null {
  const entries = forwardedFor?.split(",") ?? [];
  const forwarded = trustedProxies > 0 ? entries.at(-trustedProxies) : undefined;
  return networkOfAddress(forwarded ?? "") ?? networkOfAddress(socketAddress ?? "");
}

/** An IPv6 customer has a /64 or more, and can use any address in it. null if the text is not an address. */
function networkOfAddress(text: string): string | null {
  const address = withoutPort(text.trim()).replace(/%.*$/, "");
  const version = isIP(address);
  if (version !== 6) return version === 4 ? address : null;
  const groups = groupsOf(address);
  const [, , , , , mapped, high = 0, low = 0] = groups;
  if (mapped === 0xffff && groups.slice(0, 5).every((group) => group === 0))
    return [high >> 8, high & 255, low >> 8, low & 255].join(".");
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
}

/** Some proxies append the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(text: string): string {
  return /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
}

/** The eight groups of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.slice(0, 4).map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const parse = (part: string) => (part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16)));
  const [head = "", tail] = hex.split("::");
  const first = parse(head);
  const last = parse(tail ?? "");
  return [...first, ...new Array<number>(8 - first.length - last.length).fill(0), ...last];
}
