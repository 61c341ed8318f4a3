import fc from "fast-check";
import Stripe from "stripe";
import { describe, expect, test } from "vitest";
import { sign } from "@/lib/sandbox/event-builders/stripe/events";
import { verify } from "./verify";

const SECRET = "whsec_one";
const OTHER = "whsec_two";
const BODY = JSON.stringify({ id: "evt_1", type: "invoice.paid", amount: "€ 19.99" });
const raw = Buffer.from(BODY);
const NOW = Date.UTC(2026, 2, 1, 10);
const SENT = NOW / 1000;
const header = sign(raw, SECRET, SENT);
const good = header.slice(header.indexOf("v1=") + 3);
const { webhooks } = new Stripe("sk_test_unused");

const invalid = { valid: false, reason: "invalid_signature" };

describe("the age of an event", () => {
  test.each([
    [-301, { valid: false, reason: "timestamp_in_future" }],
    [-300, { valid: true }],
    [-299, { valid: true }],
    [0, { valid: true }],
    [299, { valid: true }],
    [300, { valid: true }],
    [301, { valid: false, reason: "timestamp_too_old" }],
  ])("an event sent %i s ago", (age, expected) => {
    expect(verify(raw, sign(raw, SECRET, SENT - age), [SECRET], NOW)).toEqual(expected);
    expect(verify(raw, sign(raw, SECRET, SENT - age), [SECRET], NOW + 999)).toEqual(expected);
  });

  test("does not appear in the answer to a wrong signature", () => {
    expect(verify(raw, sign(raw, "whsec_guess", SENT - 10_000), [SECRET], NOW)).toEqual(invalid);
  });
});

describe("a signature", () => {
  test("is valid if any v1 matches any secret", () => {
    const both = `${sign(raw, OTHER, SENT)},v1=${good}`;
    expect(verify(raw, header, [OTHER, SECRET], NOW)).toEqual({ valid: true });
    expect(verify(raw, both, [SECRET], NOW)).toEqual({ valid: true });
    expect(verify(raw, both, [OTHER], NOW)).toEqual({ valid: true });
    expect(verify(raw, both, ["whsec_three"], NOW)).toEqual(invalid);
  });

  test("is found beside other schemes and spaces", () => {
    expect(verify(raw, `t=${SENT}, v0=${"0".repeat(64)}, v1=${good}, x`, [SECRET], NOW)).toEqual({ valid: true });
    expect(verify(raw, `t=${SENT},v0=${good}`, [SECRET], NOW)).toEqual(invalid);
  });

  test("is valid with spaces around names and values, and beside parts without a value", () => {
    expect(verify(raw, ` t = ${SENT} , v1 = ${good} `, [SECRET], NOW)).toEqual({ valid: true });
    expect(verify(raw, `tX,${header},v1X,=,`, [SECRET], NOW)).toEqual({ valid: true });
  });

  test("is never valid with a malformed time, also if it is signed correctly", () => {
    const signedAt = (time: string) => sign(raw, SECRET, time as unknown as number);
    expect(verify(raw, signedAt(`${SENT}`), [SECRET], NOW)).toEqual({ valid: true });
    for (const time of [`0${SENT}`, `x${SENT}`, `${SENT}x`, `${SENT}.5`, `+${SENT}`, `${SENT}000`]) {
      expect(verify(raw, signedAt(time), [SECRET], NOW), time).toMatchObject({ valid: false });
    }
    expect(verify(raw, signedAt(`x${SENT}`), [SECRET], NOW)).toEqual(invalid);
    expect(verify(raw, signedAt(`${SENT}x`), [SECRET], NOW)).toEqual(invalid);
  });

  test("is never valid with a blank secret", () => {
    expect(verify(raw, sign(raw, " ", SENT), [" "], NOW)).toEqual(invalid);
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
    ["v1", "invalid_signature"],
    [`v1=${good}`, "invalid_signature"],
    [`t=${SENT}`, "invalid_signature"],
    [`t=${SENT},v1=`, "invalid_signature"],
    [`t=${SENT},v1=${good}00`, "invalid_signature"],
    [`t=${SENT},v1=${good.slice(2)}`, "invalid_signature"],
    [`t=${SENT},v1=${good.toUpperCase()}`, "invalid_signature"],
    [`t=${SENT},t=${SENT},v1=${good}`, "invalid_signature"],
    [`t=0${SENT},v1=${good}`, "invalid_signature"],
    [`t=${SENT}.0,v1=${good}`, "invalid_signature"],
    [`t=-${SENT},v1=${good}`, "invalid_signature"],
    [`t=NaN,v1=${good}`, "invalid_signature"],
    [`t=${"9".repeat(400)},v1=${good}`, "invalid_signature"],
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
  test("each accepts the other's header", () => {
    const headerOfSdk = webhooks.generateTestHeaderString({ payload: BODY, secret: SECRET, timestamp: SENT });
    expect(headerOfSdk).toBe(header);
    expect(verify(raw, headerOfSdk, [SECRET], NOW)).toEqual({ valid: true });
    expect(sdkAccepts(BODY, header, SECRET, NOW)).toBe(true);
  });

  test("ours gives the same result for bodies, secrets, ages and damage, and refuses the future", () => {
    const cases = fc.record({
      body: fc.json(),
      age: fc.oneof(fc.constantFrom(299, 300, 301), fc.integer({ min: 0, max: 1000 })),
      signedBy: fc.constantFrom(SECRET, OTHER),
      dropped: fc.constantFrom("", "t=", "v1=", ","),
      milliseconds: fc.nat(999),
    });
    fc.assert(
      fc.property(cases, ({ body, age, signedBy, dropped, milliseconds }) => {
        const signed = sign(body, signedBy, SENT - age).replace(dropped, "");
        const now = NOW + milliseconds;
        expect(verify(Buffer.from(body), signed, [SECRET], now).valid).toBe(sdkAccepts(body, signed, SECRET, now));
      }),
    );
    const future = sign(BODY, SECRET, SENT + 3600);
    expect(sdkAccepts(BODY, future, SECRET, NOW)).toBe(true);
    expect(verify(raw, future, [SECRET], NOW).valid).toBe(false);
  });

  function sdkAccepts(body: string, signed: string, secret: string, now: number): boolean {
    try {
      webhooks.constructEvent(body, signed, secret, undefined, undefined, now);
      return true;
    } catch {
      return false;
    }
  }
});
