/** When a reservation's key repeats its answer, and when it is free because its reservation ended or was given back. */
import { describe, expect, test } from "vitest";
import { meteredDatabase } from "@/tests/support/metered";
import { createGate } from "./gate";

const { gateway, meter, ledger } = meteredDatabase();
const gate = createGate(() => gateway);

let users = 0;
function newUser(): string {
  users += 1;
  return `reserve-key-${users}`;
}

const times = <T>(count: number, work: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)));

const reserve = (userId: string, amount: number, idempotencyKey?: string, ttlSeconds = 600) =>
  gate.reserve(userId, "stamps_used", amount, { ttlSeconds, idempotencyKey });

const release = (userId: string, amount: number) => gate.release(userId, "stamps_used", amount);

describe("reservation keys", () => {
  test("Case 2: settled to 0, the key makes a new hold, which settles", async () => {
    const userId = newUser();
    const first = await reserve(userId, 400, "J");
    expect(await gate.settle(userId, first.reservationId as string, 0)).toMatchObject({ settled: 0 });
    const second = await reserve(userId, 400, "J");
    expect(second).toMatchObject({ allowed: true, settled: null });
    expect(second.reservationId).not.toBe(first.reservationId);
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: 0, reserved: 400 });
    expect(await gate.settle(userId, second.reservationId as string, 350)).toMatchObject({ settled: 350, used: 350 });
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: 350, reserved: 0 });
    expect(await ledger(userId, "stamps_used")).toBe(350);
  });

  test("Case 3: expired, the key makes a new hold, or is refused", async () => {
    const userId = newUser();
    const start = Date.UTC(2026, 4, 4, 9);
    await gateway.setSandboxClock(userId, start);
    const first = await reserve(userId, 400, "J", 1);
    await gateway.setSandboxClock(userId, start + 2_000);
    const second = await reserve(userId, 400, "J", 1);
    expect(second).toMatchObject({ allowed: true, settled: null });
    expect(second.reservationId).not.toBe(first.reservationId);
    expect(await meter(userId, "stamps_used")).toMatchObject({ reserved: 400 });
    await gateway.setSandboxClock(userId, start + 4_000);
    await gate.consume(userId, "stamps_used", 200);
    expect(await reserve(userId, 400, "J", 1)).toMatchObject({ allowed: false, reservationId: null, settled: null });
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: 200, reserved: 0 });
  });

  test("while it is open, and settled to more than 0: the same reservation, with its settled amount", async () => {
    const userId = newUser();
    const first = await reserve(userId, 400, "J");
    expect(await reserve(userId, 400, "J")).toEqual(first);
    await expect(reserve(userId, 401, "J")).rejects.toMatchObject({ reason: "key_reused" });
    await gate.settle(userId, first.reservationId as string, 350);
    expect(await reserve(userId, 400, "J")).toEqual({ ...first, settled: 350 });
    await expect(reserve(userId, 401, "J")).rejects.toMatchObject({ reason: "key_reused" });
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: 350, reserved: 0 });
    expect(await ledger(userId, "stamps_used")).toBe(350);
  });

  test("free with another request once it ended", async () => {
    const userId = newUser();
    const first = await reserve(userId, 400, "J");
    await gate.settle(userId, first.reservationId as string, 0);
    expect(await reserve(userId, 100, "J")).toMatchObject({ allowed: true });
    await expect(reserve(userId, 400, "J")).rejects.toMatchObject({ reason: "key_reused" });
  });

  test("free once a release without `of` gave back some of what it was settled to", async () => {
    const userId = newUser();
    const first = await reserve(userId, 400, "J");
    await gate.settle(userId, first.reservationId as string, 300);
    expect(await release(userId, 1)).toMatchObject({ givenBack: 1, used: 299 });
    expect(await reserve(userId, 200, "J")).toMatchObject({ allowed: true, settled: null });
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: 299, reserved: 200 });
    // Settling the first again repeats its answer and charges nothing.
    expect(await gate.settle(userId, first.reservationId as string, 300)).toMatchObject({ settled: 300 });
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: 299, reserved: 200 });
  });

  test("expired and settled late: in effect, until that charge is given back", async () => {
    const userId = newUser();
    const start = Date.UTC(2026, 4, 4, 9);
    await gateway.setSandboxClock(userId, start);
    const first = await reserve(userId, 400, "J", 1);
    await gateway.setSandboxClock(userId, start + 2_000);
    await gate.consume(userId, "stamps_used", 200);
    // Free now, and refused; which must not spoil what follows.
    expect(await reserve(userId, 400, "J", 1)).toMatchObject({ allowed: false });
    expect(await gate.settle(userId, first.reservationId as string, 150)).toMatchObject({
      settled: 150,
      expired: true,
    });
    expect(await reserve(userId, 400, "J", 1)).toEqual({ ...first, settled: 150 });
    await release(userId, 1);
    expect(await reserve(userId, 100, "J", 1)).toMatchObject({ allowed: true, settled: null });
    expect(await meter(userId, "stamps_used")).toMatchObject({ used: 349, reserved: 100 });
  });

  test("two retries of a free key at once make one hold", async () => {
    for (let round = 0; round < 10; round += 1) {
      const userId = newUser();
      const first = await reserve(userId, 100, "J");
      await gate.settle(userId, first.reservationId as string, 0);
      const again = await times(4, () => reserve(userId, 100, "J"));
      expect(new Set(again.map(({ reservationId }) => reservationId)).size).toBe(1);
      expect(again[0]?.reservationId).not.toBe(first.reservationId);
      expect(await meter(userId, "stamps_used")).toMatchObject({ reserved: 100 });
    }
  });

  test("expiry, its retries and its settling at once: held or charged within the limit, once each", async () => {
    for (let round = 0; round < 10; round += 1) {
      const userId = newUser();
      const start = Date.UTC(2026, 4, 4, 9);
      await gateway.setSandboxClock(userId, start);
      const first = await reserve(userId, 300, "J");
      await gateway.setSandboxClock(userId, start + 601_000);
      const [settled, , ...again] = await Promise.all([
        gate.settle(userId, first.reservationId as string, 300),
        gateway.expireDueReservations(),
        ...[0, 1, 2].map(() => reserve(userId, 300, "J")),
      ]);
      const { used, reserved } = await meter(userId, "stamps_used");
      expect(used + reserved).toBe(300);
      const holds = new Set(
        again.flatMap(({ allowed, settled: of, reservationId }) => (allowed && of === null ? [reservationId] : [])),
      );
      expect(holds.size * 300).toBe(reserved);
      expect(settled.settled).toBe(used);
    }
  });

  test("one free key for two products at once: one hold", async () => {
    const userId = newUser();
    const first = await reserve(userId, 100, "J");
    await gate.settle(userId, first.reservationId as string, 0);
    const both = await Promise.allSettled([
      reserve(userId, 10, "J"),
      gate.reserve(userId, "orders_count", 10, { ttlSeconds: 600, idempotencyKey: "J" }),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const [words, messages] = [await meter(userId, "stamps_used"), await meter(userId, "orders_count")];
    expect(words.reserved + messages.reserved).toBe(10);
  });
});
