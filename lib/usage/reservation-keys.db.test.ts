/** A reservation's key repeats its answer until the reservation ends or its charge is released; then it is free. */
import { describe, expect, test } from "vitest";
import { meteredDatabase } from "@/tests/support/metered";
import { times } from "@/tests/support/times";
import { createGate } from "./gate";

const { gateway, meter, ledger } = meteredDatabase();
const gate = createGate(() => gateway);

let users = 0;
function newUser(): string {
  users += 1;
  return `reserve-key-${users}`;
}

const reserve = (userId: string, amount: number, idempotencyKey?: string, ttlSeconds = 600) =>
  gate.reserve(userId, "stamps_used", amount, { ttlSeconds, idempotencyKey });

const release = (userId: string, amount: number) => gate.release(userId, "stamps_used", amount);

describe("a reservation's key", () => {
  test("Case 2: makes a new reservation after it was settled to 0", async () => {
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

  test("Case 3: makes a new reservation after it expired, or is refused at the limit", async () => {
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

  test("repeats its reservation while that is open, and after it was settled to more than 0", async () => {
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

  test("accepts another amount after its reservation was settled to 0", async () => {
    const userId = newUser();
    const first = await reserve(userId, 400, "J");
    await gate.settle(userId, first.reservationId as string, 0);
    expect(await reserve(userId, 100, "J")).toMatchObject({ allowed: true });
    await expect(reserve(userId, 400, "J")).rejects.toMatchObject({ reason: "key_reused" });
  });

  test("is free after a release without `of` of a part of its settled amount", async () => {
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

  test("is in effect after a late settlement of its expired reservation, until that charge is released", async () => {
    const userId = newUser();
    const start = Date.UTC(2026, 4, 4, 9);
    await gateway.setSandboxClock(userId, start);
    const first = await reserve(userId, 400, "J", 1);
    await gateway.setSandboxClock(userId, start + 2_000);
    await gate.consume(userId, "stamps_used", 200);
    // The key is free now and refused, which must not affect the settlement.
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

  test("makes one reservation for concurrent retries if it is free", async () => {
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

  test("reserves or charges at most once during a concurrent expiry, settlement and retries", async () => {
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

  test("makes one reservation for two products at once if it is free", async () => {
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
