import fc from "fast-check";
import { expect, test } from "vitest";
import { parse } from "./parse";

const read = (payload: unknown) => parse(Buffer.from(JSON.stringify(payload)));
const ENVELOPE = {
  event_id: "evt_01hv8x2acma2gz7he8kg2s0hna",
  event_type: "subscription.created",
  occurred_at: "2026-04-12T10:18:49.621022Z",
  notification_id: "ntf_01hv8x2af22vd88r92gqy3j4xk",
  data: {},
};

test("the envelope is read; its mode is null, since Paddle does not name its environment", () => {
  expect(read(ENVELOPE)).toEqual({
    ok: true,
    event: {
      processor: "paddle",
      id: ENVELOPE.event_id,
      type: "subscription.created",
      livemode: null,
      account: null,
      occurredAt: Date.UTC(2026, 3, 12, 10, 18, 49, 621),
      payload: ENVELOPE,
    },
  });
});

test("an event is identified by its event_id, independent of its notification_id", () => {
  expect(read({ ...ENVELOPE, notification_id: "ntf_other" })).toMatchObject({ event: { id: ENVELOPE.event_id } });
});

test("an event of the simulator is read, and is not live", () => {
  const id = "ntfsimevt_01hv8x2acma2gz7he8kg2s0hna";
  expect(read({ ...ENVELOPE, event_id: id })).toMatchObject({ ok: true, event: { id, livemode: false } });
});

test("an unreadable instant is null, not the current time", () => {
  for (const occurred_at of ["yesterday", 1_772_359_250, null, undefined, "2026-04-31T00:00:00Z"]) {
    expect(read({ ...ENVELOPE, occurred_at })).toMatchObject({ ok: true, event: { occurredAt: null } });
  }
});

test.each([
  [{ ...ENVELOPE, event_id: undefined }, "missing_id"],
  [{ ...ENVELOPE, event_id: "" }, "missing_id"],
  [{ ...ENVELOPE, event_id: 7 }, "missing_id"],
  [{ ...ENVELOPE, event_id: "evt 1" }, "missing_id"],
  [{ ...ENVELOPE, event_id: "x".repeat(256) }, "missing_id"],
  [{ ...ENVELOPE, event_type: undefined }, "missing_type"],
  [{ ...ENVELOPE, event_type: null }, "missing_type"],
  [{ id: "evt_1", type: "invoice.paid" }, "missing_id"],
  [[], "not_an_object"],
  [null, "not_an_object"],
])("%j is refused", (payload, reason) => {
  expect(read(payload)).toEqual({ ok: false, reason });
});

test("any bytes are read or refused, without throwing", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (raw) => parse(raw).ok === false));
});
