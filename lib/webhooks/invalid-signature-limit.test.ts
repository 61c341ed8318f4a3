import { expect, test } from "vitest";
import { invalidSignatureLimit } from "./invalid-signature-limit";

test("600 deliveries per minute and network pass, then the limit returns the seconds to wait", () => {
  const limit = invalidSignatureLimit();
  for (let count = 0; count < 600; count += 1) expect(limit.count("a", 1_000)).toBeNull();
  expect(limit.count("a", 1_000)).toBe(60);
  expect(limit.count("a", 60_999)).toBe(1);
  expect(limit.count("b", 1_000)).toBeNull();
  expect(limit.count("a", 61_000)).toBeNull();
});

test("10,000 networks remove the count of an inactive network, and not that of an active one", () => {
  const limit = invalidSignatureLimit();
  for (let count = 0; count < 600; count += 1) {
    limit.count("silent", 0);
    limit.count("active", 0);
  }
  for (let network = 0; network < 10_000; network += 1) {
    limit.count(String(network), 0);
    limit.count("active", 0);
  }
  expect(limit.count("active", 0)).toBe(60);
  expect(limit.count("silent", 0)).toBeNull();
});
