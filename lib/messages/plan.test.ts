import { afterEach, expect, it } from "vitest";
import { currentConfig, provideConfig } from "@/lib/config/current-catalog";
import { formatAmount, formatPrice } from "./plan";

const config = currentConfig();
afterEach(() => provideConfig(config));

it("shows a plan's price", () => {
  expect(formatPrice(0, "monthly", "en-GB")).toBe("Free");
  expect(formatPrice(3_999, "monthly", "en-GB")).toBe("$39.99 a month");
  expect(formatPrice(39_990, "yearly", "en-GB")).toBe("$399.90 a year");
});

it("shows amounts in the config's currency", () => {
  provideConfig({ ...config, currency: "jpy" });
  expect(formatPrice(500, "monthly", "en-GB")).toBe("¥500 a month");
  provideConfig({ ...config, currency: "eur" });
  expect(formatAmount(1_999, "de-DE")).toBe("19,99\u00a0€");
});
