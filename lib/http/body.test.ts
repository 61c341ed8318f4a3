import { expect, test, vi } from "vitest";
import { z } from "zod";
import { readBody } from "./body";
import { answer, json, readJson } from "./respond";

/** A request with these chunks as its body; with `stalls` the stream then stays open. */
function requestOf(chunks: readonly string[], { stalls = false, canceled = () => {} } = {}) {
  const encoder = new TextEncoder();
  const remaining = [...chunks];
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const chunk = remaining.shift();
      if (chunk !== undefined) controller.enqueue(encoder.encode(chunk));
      else if (!stalls) controller.close();
      else return new Promise<void>(() => {});
    },
    cancel: canceled,
  });
  return new Request("http://test.invalid/", { method: "POST", body, duplex: "half" } as RequestInit);
}

test("reads all chunks", async () => {
  const body = await readBody(requestOf(["one ", "two"]));
  expect(new TextDecoder().decode(body ?? undefined)).toBe("one two");
});

test("a request without a body reads as empty", async () => {
  expect(await readBody(new Request("http://test.invalid/"))).toHaveLength(0);
});

test("a body that stalls is refused with 408 and its stream canceled", async () => {
  const canceled = vi.fn();
  const request = requestOf(["half"], { stalls: true, canceled });
  await expect(readBody(request, { deadlineMs: 20 })).rejects.toMatchObject({
    problem: "too_slow",
    reason: "body_too_slow",
  });
  expect(canceled).toHaveBeenCalled();
});

test("the deadline covers the whole body, not each chunk", async () => {
  let chunks = 0;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      chunks += 1;
      controller.enqueue(new Uint8Array(1));
    },
  });
  const request = new Request("http://test.invalid/", { method: "POST", body, duplex: "half" } as RequestInit);
  await expect(readBody(request, { deadlineMs: 60 })).rejects.toMatchObject({ problem: "too_slow" });
  expect(chunks).toBeGreaterThan(0);
});

test("more than the limit returns null, and the stream is canceled", async () => {
  const canceled = vi.fn();
  const request = requestOf(["12345", "67890"], { stalls: true, canceled });
  expect(await readBody(request, { maxBytes: 8 })).toBeNull();
  expect(canceled).toHaveBeenCalled();
});

test("a body that ends early is refused with 400", async () => {
  const body = new ReadableStream({ pull: (controller) => controller.error(new Error("reset")) });
  const request = new Request("http://test.invalid/", { method: "POST", body, duplex: "half" } as RequestInit);
  await expect(readBody(request)).rejects.toMatchObject({ problem: "bad_input", reason: "incomplete_body" });
});

test("413 ends the connection, since the rest of the body would keep it open", async () => {
  const request = new Request("http://test.invalid/", {
    method: "POST",
    body: "{}",
    headers: { "content-length": String(2 ** 21) },
  });
  const response = await answer(async () => json(await readJson(request, z.object({}))));
  expect([response.status, response.headers.get("connection")]).toEqual([413, "close"]);
});
