import { expect, test } from "vitest";
import { resolveClientNetwork } from "./client-network";

const SOCKET = "192.0.2.9";

test.each<[title: string, header: string | null, proxies: number, network: string]>([
  ["without proxies the header is ignored", "203.0.113.1", 0, SOCKET],
  ["one proxy: the last entry", "203.0.113.1", 1, "203.0.113.1"],
  ["one proxy: the visitor wrote the entries before the last", "10.0.0.1, 203.0.113.1", 1, "203.0.113.1"],
  ["two proxies: the entry before the last", "10.0.0.1, 203.0.113.1,198.51.100.7", 2, "203.0.113.1"],
  ["no header", null, 1, SOCKET],
  ["an empty header", "", 1, SOCKET],
  ["fewer entries than proxies", "203.0.113.1", 2, SOCKET],
  ["an entry that is not an address", "203.0.113.1, unknown", 1, SOCKET],
  ["an address that does not exist", "203.0.113.256", 1, SOCKET],
  ["a number instead of a dotted address", "3405803777", 1, SOCKET],
  ["an empty last entry", "203.0.113.1,", 1, SOCKET],
  ["an IPv4 address with a port", "203.0.113.1:4711", 1, "203.0.113.1"],
  ["an IPv6 address with a port", "[2001:db8:1:2::3]:4711", 1, "2001:db8:1:2::/64"],
  ["IPv6: the /64", "2001:db8:1:2:3:4:5:6", 1, "2001:db8:1:2::/64"],
  ["IPv6: another address of that /64", "2001:DB8:1:2:FFFF::", 1, "2001:db8:1:2::/64"],
  ["IPv6: all zeros written", "2001:0db8:0001:0002:0000:0000:0000:0001", 1, "2001:db8:1:2::/64"],
  ["IPv6: another /64", "2001:db8:1:3::1", 1, "2001:db8:1:3::/64"],
  ["IPv6: few groups", "::1", 1, "0:0:0:0::/64"],
  ["IPv6: a zone", "fe80::1%eth0", 1, "fe80:0:0:0::/64"],
  ["IPv4 in IPv6", "::ffff:203.0.113.1", 1, "203.0.113.1"],
  ["IPv4 in IPv6, in hex", "::ffff:cb00:7101", 1, "203.0.113.1"],
])("%s", (_, header, proxies, network) => {
  expect(resolveClientNetwork(header, SOCKET, proxies)).toBe(network);
});

test("an IPv4 client of a dual-stack server has the network of its IPv4 address", () => {
  expect(resolveClientNetwork(null, "::ffff:192.0.2.9", 0)).toBe(SOCKET);
});

test("an unknown socket address gives no network", () => {
  expect(resolveClientNetwork("203.0.113.1", null, 0)).toBeNull();
});
