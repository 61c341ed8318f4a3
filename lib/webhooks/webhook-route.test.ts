import { expect, test, vi } from "vitest";
import { webhookRoute } from "./webhook-route";

const SIGNATURE = { stripe: "stripe-signature", paddle: "paddle-signature" } as const;
const GOOD = "0".repeat(64);

test.each([
  ["stripe", null, "missing_signature"],
  ["stripe", " ", "missing_signature"],
  ["stripe", "t=1", "invalid_signature"],
  ["stripe", `v1=${GOOD}`, "invalid_signature"],
  ["stripe", "t=1,v1=xyz", "invalid_signature"],
  ["stripe", `t=1,t=2,v1=${GOOD}`, "invalid_signature"],
  ["paddle", null, "missing_signature"],
  ["paddle", `t=1,v1=${GOOD}`, "invalid_signature"],
  ["paddle", "ts=1;h1=xyz", "invalid_signature"],
] as const)("%s: the header %j is refused before the body is read", async (processor, header, reason) => {
  vi.stubEnv("PADDLE_WEBHOOK_SECRET", "pdl_test");
  const pull = vi.fn();
  // Without prefetching, so that a pull is a read.
  const body = new ReadableStream({ pull }, { highWaterMark: 0 });
  const headers: Record<string, string> = header === null ? {} : { [SIGNATURE[processor]]: header };
  const init = { method: "POST", body, headers, duplex: "half" } as RequestInit;
  const response = await webhookRoute(processor, () => {})(new Request("http://test.invalid/", init));
  expect([response.status, response.headers.get("connection")]).toEqual([400, "close"]);
  expect(await response.json()).toMatchObject({ reason });
  expect(pull).not.toHaveBeenCalled();
});
