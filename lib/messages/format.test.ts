import { describe, expect, it } from "vitest";
import { formatCount, formatMoney, formatNumber, formatTime, formatUtc, isZone, pickLocale } from "./format";

const now = Date.parse("2026-11-20T12:00:00Z");
const inLondon = { locale: "en-GB", zone: "Europe/London", now };

describe("pickLocale", () => {
  it.each([
    [null, "en-GB"],
    ["", "en-GB"],
    ["*", "en-GB"],
    ["en-US,en;q=0.9", "en-US"],
    ["en;q=0.5, de-DE;q=0.8", "de-DE"],
    ["not a locale!!, fr", "fr"],
    ["xx-invalid-tag-that-is-far-too-long", "en-GB"],
    ["de;q=0, en-AU;q=0.1", "en-AU"],
  ])("reads %j as %s", (header, locale) => expect(pickLocale(header, "en-GB")).toBe(locale));
});

it("falls back to the installation's locale", () => {
  expect(pickLocale(null, "de-DE")).toBe("de-DE");
  expect(pickLocale("not a locale!!", "de-DE")).toBe("de-DE");
  expect(pickLocale("fr", "de-DE")).toBe("fr");
});

describe("numbers and money", () => {
  it("follow the locale", () => {
    expect(formatNumber(12_000, "en-US")).toBe("12,000");
    expect(formatNumber(12_000, "de-DE")).toBe("12.000");
  });
  it("keep Latin digits inside English sentences", () => expect(formatNumber(1_234, "ar-EG")).toMatch(/^1.234$/));
  it("counts one unit in the singular", () => {
    const unit = { one: "word", many: "words" };
    expect([0, 1, 2_000].map((n) => formatCount(n, unit, "en-GB"))).toEqual(["0 words", "1 word", "2,000 words"]);
  });
  it.each([
    [3_999, "$39.99"],
    [1_900, "$19"],
    [39_990, "$399.90"],
    [199_000, "$1,990"],
    [0, "$0"],
  ])("shows %d cents as %s", (cents, text) => {
    expect(formatMoney(cents, "en-GB", "usd")).toBe(text);
    expect(formatMoney(cents, "en-US", "usd")).toBe(text);
  });
  it("shows yen without decimals", () => expect(formatMoney(1_200, "en-GB", "jpy")).toBe("¥1,200"));
});

describe("times", () => {
  it("follow the user's English", () => {
    expect(formatTime("2026-11-29T14:00:00Z", "day", inLondon)).toBe("29 November");
    expect(formatTime("2026-11-29T14:00:00Z", "day", { ...inLondon, locale: "en-US" })).toBe("November 29");
    expect(formatTime("2026-11-29T14:00:00Z", "day", { ...inLondon, locale: "fr-FR" })).toBe("29 November");
  });
  it("are in the user's zone, in which the day can differ", () => {
    const late = "2026-11-29T23:30:00Z";
    expect(formatTime(late, "day", { ...inLondon, zone: "Asia/Tokyo" })).toBe("30 November");
    expect(formatTime(late, "day", { ...inLondon, zone: "America/Los_Angeles" })).toBe("29 November");
  });
  it("show the year if it is another year in that zone", () => {
    expect(formatTime("2027-01-01T00:00:00Z", "day", inLondon)).toBe("1 January 2027");
    expect(formatTime("2027-01-01T00:00:00Z", "day", { ...inLondon, zone: "America/New_York" })).toBe("31 December");
  });
  it("show the hour of a moment", () => {
    expect(formatTime("2026-11-29T14:05:00Z", "moment", inLondon)).toBe("29 November at 14:05");
    expect(formatTime("2026-11-29T01:05:00Z", "moment", inLondon)).toBe("29 November at 01:05");
    const american = { ...inLondon, locale: "en-US" };
    expect(formatTime("2026-11-29T01:05:00Z", "moment", american)).toMatch(/^November 29 at 1:05\sAM$/);
  });
  it("accept offsets", () => expect(formatUtc("2026-11-29T15:00:00+01:00")).toBe("2026-11-29 14:00 UTC"));
  it("distinguishes a zone from other cookie values", () => {
    expect(["Europe/Berlin", "UTC", "Etc/GMT+5"].every(isZone)).toBe(true);
    expect([undefined, "", "Mars/Phobos", "Europe/Berlin; x", "<script>", "a".repeat(99)].some(isZone)).toBe(false);
  });
});
