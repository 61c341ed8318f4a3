import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MAX_NESTING, parseJsonObject } from "./envelope";

const read = (text: string) => parseJsonObject(Buffer.from(text));

describe("a body", () => {
  test("is read as an object, without its byte order mark", () => {
    expect(read('{"a":1}')).toEqual({ ok: true, value: { a: 1 } });
    expect(read('\ufeff{"a":1}')).toEqual({ ok: true, value: { a: 1 } });
  });

  test.each([[""], ["{"], ["{'a':1}"], ['{"a":1}x'], ["{}{}"], ["NaN"], ['{"a":1,}'], ["\u0000"]])(
    "%j is not JSON",
    (text) => {
      expect(read(text)).toEqual({ ok: false, reason: "not_json" });
    },
  );

  test.each([["[]"], ["null"], ['"text"'], ["1"], ["true"], ['[{"id":"evt_1"}]']])("%s is not an object", (text) => {
    expect(read(text)).toEqual({ ok: false, reason: "not_an_object" });
  });

  test.each([
    ["a lone continuation byte", [0x80]],
    ["an overlong slash", [0xc0, 0xaf]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
    ["a cut character", [0xe2, 0x82]],
    ["UTF-16", [0xff, 0xfe]],
  ])("with invalid UTF-8 is refused: %s", (_name, bad) => {
    const raw = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bad), Buffer.from('"}')]);
    expect(parseJsonObject(raw)).toEqual({ ok: false, reason: "not_json" });
  });

  test("with escapes that Postgres' jsonb refuses is JSON", () => {
    expect(read('{"a":"\\u0000","b":"\\ud800"}')).toEqual({ ok: true, value: { a: "\u0000", b: "\ud800" } });
  });

  test("with duplicate keys has the last value", () => {
    expect(read('{"id":"first","id":"last"}')).toEqual({ ok: true, value: { id: "last" } });
  });

  test("with the key __proto__ changes no prototype", () => {
    const parsed = read('{"__proto__":{"id":"evt_1","polluted":true},"constructor":1}');
    if (!parsed.ok) throw new Error(parsed.reason);
    expect(Object.getPrototypeOf(parsed.value)).toBe(Object.prototype);
    expect(parsed.value.id).toBeUndefined();
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe("nesting", () => {
  const objects = (depth: number) => `${'{"a":'.repeat(depth - 1)}{}${"}".repeat(depth - 1)}`;
  const arrays = (depth: number) => `{"a":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
  const tooDeep = { ok: false, reason: "nested_too_deeply" };

  test.each([
    ["objects", objects],
    ["arrays", arrays],
  ])("%s: 63 and 64 are read, 65 is refused", (_name, nested) => {
    expect(read(nested(MAX_NESTING - 1)).ok).toBe(true);
    expect(read(nested(MAX_NESTING)).ok).toBe(true);
    expect(read(nested(MAX_NESTING + 1))).toEqual(tooDeep);
  });

  test("a million levels are refused without recursion", () => {
    expect(read(objects(1_000_000))).toEqual(tooDeep);
    expect(read(arrays(1_000_000))).toEqual(tooDeep);
    expect(read("[".repeat(1_000_000))).toEqual(tooDeep);
    expect(read("]".repeat(1_000_000))).toEqual({ ok: false, reason: "not_json" });
  });

  test("brackets in strings and wide objects do not count as levels", () => {
    expect(read(JSON.stringify({ a: '[{"\\'.repeat(100), '[\\"{': "é[" })).ok).toBe(true);
    expect(read(JSON.stringify({ a: Array.from({ length: 1000 }, () => ({ b: [] })) })).ok).toBe(true);
  });
});

test("any JSON object is read as JSON.parse reads it, and any bytes without throwing", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
      const text = JSON.stringify(object);
      expect(read(text)).toEqual({ ok: true, value: JSON.parse(text) });
    }),
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (raw) => typeof parseJsonObject(raw).ok === "boolean"));
});
