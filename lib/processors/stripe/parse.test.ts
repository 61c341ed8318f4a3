import { describe, expect, test } from "vitest";
import { parse } from "./parse";

const bytes = (value: unknown) => Buffer.from(JSON.stringify(value));

describe("parse", () => {
  test("reads the envelope", () => {
    const payload = { id: "evt_1", object: "event", type: "invoice.paid", created: 1_772_359_200, livemode: true };
    expect(parse(bytes(payload))).toEqual({
      ok: true,
      event: {
        processor: "stripe",
        id: "evt_1",
        type: "invoice.paid",
        livemode: true,
        account: null,
        occurredAt: 1_772_359_200_000,
        payload,
      },
    });
  });

  test("reads a thin event's envelope with its time as a string", () => {
    const parsed = parse(
      bytes({ id: "evt_t", object: "v2.core.event", type: "v1.x", created: "2026-03-01T10:00:00.123456Z" }),
    );
    expect(parsed).toMatchObject({
      ok: true,
      event: { occurredAt: Date.UTC(2026, 2, 1, 10, 0, 0, 123), livemode: null },
    });
  });

  test.each([
    ["acct_1", "acct_1"],
    [null, null],
    [undefined, null],
    [7, ""],
    ["", ""],
  ])("reads the connected account from %j", (account, read) => {
    expect(parse(bytes({ id: "evt_1", type: "x", account }))).toMatchObject({ ok: true, event: { account: read } });
  });

  test.each([
    [{}, "missing_id"],
    [{ id: "", type: "x" }, "missing_id"],
    [{ id: 1, type: "x" }, "missing_id"],
    [{ id: "evt\u0000", type: "x" }, "missing_id"],
    [{ id: "e".repeat(256), type: "x" }, "missing_id"],
    [{ id: "evt_1" }, "missing_type"],
    [{ id: "evt_1", type: "" }, "missing_type"],
    [{ id: "evt_1", type: null }, "missing_type"],
    [{ id: "evt_1", type: "\ud800" }, "missing_type"],
    [[], "not_an_object"],
  ])("refuses %j", (value, reason) => {
    expect(parse(bytes(value))).toEqual({ ok: false, reason });
  });

  test.each([[undefined], [null], [true], [-1], [1e300], ["never"], [{}]])("reads no time from %j", (created) => {
    expect(parse(bytes({ id: "evt_1", type: "x", created }))).toMatchObject({ ok: true, event: { occurredAt: null } });
  });
});
