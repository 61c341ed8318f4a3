import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test, vi } from "vitest";
import { PROCESSOR_MS } from "@/lib/core/deadlines";
import { type PurchaseContext, withDeadline } from "@/lib/subscriptions/purchase-context";
import * as paddle from "@/tests/support/fake-paddle-api";
import * as stripe from "@/tests/support/fake-stripe-api";
import { clientWithDeadline, remainingMs } from "./deadline";
import type { ProcessorClient } from "./processor-client";

vi.unmock("@/lib/core/deadlines");

const change = (subscription: string) =>
  ({ subscription, priceId: "price_mail_titanium_monthly", timing: "now" }) as const;
const PADDLE_PRICE = "pri_mail_titanium_monthly";
/** Late enough for any machine. */
const LATER = 3_600_000;

test("remainingMs is the rest of the deadline inside a call, and the full time outside", async () => {
  const read = { undoCancel: async () => remainingMs(10_000) } as unknown as ProcessorClient;
  const left = (until: number) =>
    clientWithDeadline(read, performance.now() + until).undoCancel("sub_1") as unknown as Promise<number>;
  expect(await left(LATER)).toBe(10_000);
  expect(await left(5_000)).toBeLessThanOrEqual(5_000);
  expect(await left(-1)).toBe(0);
  expect(remainingMs(10_000)).toBe(10_000);
});

describe.each([
  ["Stripe", () => stripe.fakeApi("silence", stripe.subscription()), change(stripe.SUBSCRIPTION)],
  ["Paddle", () => paddle.fakeApi("silence"), { ...change(paddle.SUBSCRIPTION), priceId: PADDLE_PRICE }],
] as const)("%s", (_, fakeApi, wanted) => {
  test("gets no request after the deadline", async () => {
    const { client, requests } = await fakeApi();
    const late = clientWithDeadline(client, performance.now() - 1);
    await expect(late.change(wanted)).rejects.toMatchObject({ name: "ProcessorError", problem: "unavailable" });
    expect(requests).toEqual([]);
  });

  test("gets no change after an answer to the first request that is too late", async () => {
    const { client, requests } = await fakeApi();
    const hanging = clientWithDeadline(client, performance.now() + 300);
    await expect(hanging.change(wanted)).rejects.toMatchObject({ problem: "unavailable" });
    expect(requests.length).toBeLessThanOrEqual(2);
    for (const request of requests) expect("request" in request ? request.request : request.method).toMatch(/^GET/);
  });
});

test("all clients of one user request share a deadline", async () => {
  const client = { undoCancel: async () => remainingMs(10_000) } as unknown as ProcessorClient;
  const shop = withDeadline({
    getProcessor: async () => ({ client, sold: () => undefined, sells: true }),
  } as unknown as PurchaseContext);
  const left = async () =>
    (await shop.getProcessor("stripe"))?.client.undoCancel("sub_1") as unknown as Promise<number>;
  const first = await left();
  expect(first).toBeLessThanOrEqual(PROCESSOR_MS);
  await sleep(2);
  expect(await left()).toBeLessThan(first);
});
