import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { jsonLines } from "./json-lines";
import { watchResponses } from "./running-response";

const deadlines = vi.hoisted(() => ({ STREAM_READ_MS: 3_600_000, STREAM_MS: 3_600_000 }));
vi.mock("@/lib/core/deadlines", () => deadlines);
watchResponses();

let settled: string[] = [];
beforeEach(() => {
  Object.assign(deadlines, { STREAM_READ_MS: 3_600_000, STREAM_MS: 3_600_000 });
  settled = [];
});

/** A generator of this many lines that awaits `work` before each. */
const workOf = (lines: number, work: (signal: AbortSignal) => Promise<void> = async () => {}) =>
  async function* (signal: AbortSignal): AsyncGenerator<unknown, void> {
    try {
      for (let line = 1; line <= lines; line += 1) {
        await work(signal);
        yield { line };
      }
    } finally {
      settled.push(signal.aborted ? "stopped" : "ended");
    }
  };
const readerOf = (response: Response) => (response.body as ReadableStream<Uint8Array>).getReader();

test("work with a stream that is read to the end is settled once", async () => {
  const text = await jsonLines(workOf(3)).text();
  expect(text).toBe('{"line":1}\n{"line":2}\n{"line":3}\n');
  expect(settled).toEqual(["ended"]);
});

test.each([0, 1])("a reader that stops after %i lines ends the work, which is then settled", async (lines) => {
  deadlines.STREAM_READ_MS = 20;
  const reader = readerOf(jsonLines(workOf(9)));
  for (let line = 0; line < lines; line += 1) await reader.read();
  await expect.poll(() => settled).toEqual(["stopped"]);
  await expect(reader.read()).rejects.toThrow("stopped");
});

test("the read deadline does not count the time of the work", async () => {
  deadlines.STREAM_READ_MS = 50;
  const slow = () => new Promise<void>((resolve) => setTimeout(resolve, 200));
  const reader = readerOf(jsonLines(workOf(1, slow)));
  // Both reads start at once, so that the result does not depend on this test's speed.
  const reads = await Promise.all([reader.read(), reader.read()]);
  expect(reads.map(({ done }) => done)).toEqual([false, true]);
  expect(settled).toEqual(["ended"]);
});

test("work that takes too long ends, although its reader continues", async () => {
  deadlines.STREAM_MS = 50;
  const hangs = (signal: AbortSignal) =>
    new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  await expect(jsonLines(workOf(1, hangs)).text()).rejects.toThrow("too long");
  await expect.poll(() => settled).toEqual(["stopped"]);
});

test("work that fails ends the stream, and is settled once", async () => {
  const fails = async () => {
    throw new Error("broken");
  };
  await expect(jsonLines(workOf(1, fails)).text()).rejects.toThrow("broken");
  expect(settled).toEqual(["ended"]);
});

/** Creates streams that the server never reads, as Next does for HEAD and for disconnected clients. */
const server = http.createServer((_, response) => {
  jsonLines(workOf(9));
  if (response.req.method === "HEAD") response.end();
});
let url = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

test("a stream that is never read ends with its response", async () => {
  await fetch(url, { method: "HEAD" });
  await expect.poll(() => settled).toEqual(["stopped"]);
});

test("a stream that is never read ends when its client disconnects", async () => {
  const disconnection = new AbortController();
  const answer = fetch(url, { signal: disconnection.signal }).catch(() => "disconnected");
  setTimeout(() => disconnection.abort(), 50);
  expect(await answer).toBe("disconnected");
  await expect.poll(() => settled).toEqual(["stopped"]);
});
