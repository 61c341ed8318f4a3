import pino from "pino";
import { expect, test } from "vitest";
import { logOptions } from "./log";
import { inRequest } from "./request";

test("a line carries the id of its request, and no secret", async () => {
  const lines: Record<string, unknown>[] = [];
  const log = pino(logOptions, { write: (line) => lines.push(JSON.parse(line)) });
  await inRequest("req-7", async () => {
    await Promise.resolve();
    log.info({ request: { authorization: "Bearer sk_live_1", path: "/" } }, "inside");
  });
  log.info({ headers: { cookie: "session" } }, "outside");
  expect(lines).toMatchObject([
    { msg: "inside", requestId: "req-7", request: { authorization: "[redacted]", path: "/" } },
    { msg: "outside", headers: "[redacted]" },
  ]);
  expect(lines[1]).not.toHaveProperty("requestId");
});
