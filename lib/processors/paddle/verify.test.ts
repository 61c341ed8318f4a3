import { Paddle } from "@paddle/paddle-node-sdk";
import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { sign } from "@/lib/sandbox/event-builders/paddle/events";
import { verify } from "./verify";

const SECRET = "pdl_ntfset_one";
const OTHER = "pdl_ntfset_two";
const BODY = JSON.stringify({ event_id: "evt_1", event_type: "transaction.paid", amount: "€ 19.99" });
const raw = Buffer.from(BODY);
const NOW = Date.UTC(2026, 2, 1, 10);
const SENT = NOW / 1000;
const header = sign(raw, SECRET, SENT);
const good = header.slice(header.indexOf("h1=") + 3);
const { webhooks } = new Paddle("pdl_test_unused");

const invalid = { valid: false, reason: "invalid_signature" };

describe("the age of an event", () => {
  test.each([
    [-301, { valid: false, reason: "timestamp_in_future" }],
    [-300, { valid: true }],
    [-299, { valid: true }],
    [0, { valid: true }],
    [6, { valid: true }],
    [299, { valid: true }],
    [300, { valid: true }],
    [301, { valid: false, reason: "timestamp_too_old" }],
  ])("an event sent %i s ago", (age, expected) => {
    expect(verify(raw, sign(raw, SECRET, SENT - age), [SECRET], NOW)).toEqual(expected);
    expect(verify(raw, sign(raw, SECRET, SENT - age), [SECRET], NOW + 999)).toEqual(expected);
  });

  test("does not appear in the answer to a wrong signature", () => {
    expect(verify(raw, sign(raw, "guess", SENT - 10_000), [SECRET], NOW)).toEqual(invalid);
  });
});

describe("a signature", () => {
  test("is valid if any h1 matches any secret", () => {
    const ofOther = sign(raw, OTHER, SENT);
    const both = [`${ofOther};h1=${good}`, `${header};h1=${ofOther.slice(-64)}`];
    expect(verify(raw, header, [OTHER, SECRET], NOW)).toEqual({ valid: true });
    for (const signed of both) {
      expect(verify(raw, signed, [SECRET], NOW)).toEqual({ valid: true });
      expect(verify(raw, signed, [OTHER], NOW)).toEqual({ valid: true });
      expect(verify(raw, signed, ["pdl_ntfset_three"], NOW)).toEqual(invalid);
    }
  });

  test("is found beside other schemes and spaces", () => {
    expect(verify(raw, `ts=${SENT}; h0=${"0".repeat(64)}; h1=${good}; x`, [SECRET], NOW)).toEqual({ valid: true });
    expect(verify(raw, `ts=${SENT};h0=${good}`, [SECRET], NOW)).toEqual(invalid);
  });

  test("is never valid with an empty secret", () => {
    expect(verify(raw, sign(raw, "", SENT), ["", " "], NOW)).toEqual(invalid);
    expect(verify(raw, header, [], NOW)).toEqual(invalid);
  });
});

describe("a malformed header is refused:", () => {
  test.each([
    [null, "missing_signature"],
    ["", "missing_signature"],
    [" ", "missing_signature"],
    ["h1", "invalid_signature"],
    [`h1=${good}`, "invalid_signature"],
    [`ts=${SENT}`, "invalid_signature"],
    [`ts=${SENT};h1=`, "invalid_signature"],
    [`ts=${SENT},h1=${good}`, "invalid_signature"],
    [`ts=${SENT};h1=${good}00`, "invalid_signature"],
    [`ts=${SENT};h1=${good.slice(2)}`, "invalid_signature"],
    [`ts=${SENT};h1=${good.toUpperCase()}`, "invalid_signature"],
    [`ts=${SENT};ts=${SENT};h1=${good}`, "invalid_signature"],
    [`ts=0${SENT};h1=${good}`, "invalid_signature"],
    [`ts=${SENT}.0;h1=${good}`, "invalid_signature"],
    [`ts=-${SENT};h1=${good}`, "invalid_signature"],
    [`ts=NaN;h1=${good}`, "invalid_signature"],
    [`ts=${"9".repeat(400)};h1=${good}`, "invalid_signature"],
  ])("%s", (malformed, reason) => {
    expect(verify(raw, malformed, [SECRET], NOW)).toEqual({ valid: false, reason });
  });

  test("arbitrary bytes and text never throw and never pass", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string({ unit: "binary" }), (body, text) => {
        expect(verify(body, text, [SECRET], NOW).valid).toBe(false);
      }),
    );
  });
});

describe("a change of the bytes", () => {
  test("by one bit in the body, in the signature or in the time is refused", () => {
    fc.assert(
      fc.property(fc.nat(raw.length * 8 - 1), (bit) => {
        expect(verify(flipped(raw, bit), header, [SECRET], NOW)).toEqual(invalid);
      }),
    );
    fc.assert(
      fc.property(fc.nat(header.length * 8 - 1), (bit) => {
        expect(verify(raw, flipped(Buffer.from(header), bit).toString("latin1"), [SECRET], NOW).valid).toBe(false);
      }),
    );
  });

  test("that decodes to the same text is refused", () => {
    const broken = Buffer.from([0x7b, 0xff, 0x7d]);
    const alike = Buffer.from([0x7b, 0xfe, 0x7d]);
    expect(verify(broken, sign(broken, SECRET, SENT), [SECRET], NOW)).toEqual({ valid: true });
    expect(verify(alike, sign(broken, SECRET, SENT), [SECRET], NOW)).toEqual(invalid);
  });

  function flipped(bytes: Buffer, bit: number): Buffer {
    const copy = Buffer.from(bytes);
    copy[bit >> 3] = (copy[bit >> 3] as number) ^ (1 << (bit & 7));
    return copy;
  }
});

describe("compared with the SDK's own verifier", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test("ours gives the same result for bodies, secrets and damage, up to 4 seconds of age", async () => {
    const cases = fc.record({
      body: fc.json(),
      age: fc.nat(4),
      signedBy: fc.constantFrom(SECRET, OTHER),
      dropped: fc.constantFrom("", "ts=", "h1=", ";"),
      milliseconds: fc.nat(999),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ body, age, signedBy, dropped, milliseconds }) => {
        const signed = sign(body, signedBy, SENT - age).replace(dropped, "");
        const now = NOW + milliseconds;
        const ours = verify(Buffer.from(body), signed, [SECRET], now).valid;
        expect(ours).toBe(await sdkAccepts(body, signed, SECRET, now));
        expect(ours).toBe(signedBy === SECRET && dropped === "");
      }),
    );
  });

  test("ours accepts an older event and the first of two signatures, and refuses the future", async () => {
    const retried = sign(BODY, SECRET, SENT - 6);
    expect(await sdkAccepts(BODY, retried, SECRET, NOW)).toBe(false);
    expect(verify(raw, retried, [SECRET], NOW).valid).toBe(true);

    const rotated = `${header};h1=${sign(raw, OTHER, SENT).slice(-64)}`;
    expect(await sdkAccepts(BODY, rotated, SECRET, NOW)).toBe(false);
    expect(verify(raw, rotated, [SECRET], NOW).valid).toBe(true);

    const future = sign(BODY, SECRET, SENT + 3600);
    expect(await sdkAccepts(BODY, future, SECRET, NOW)).toBe(true);
    expect(verify(raw, future, [SECRET], NOW).valid).toBe(false);
  });

  async function sdkAccepts(body: string, signed: string, secret: string, now: number): Promise<boolean> {
    vi.useFakeTimers({ now, toFake: ["Date"] });
    try {
      return await webhooks.isSignatureValid(body, secret, signed);
    } catch {
      return false;
    }
  }
});
