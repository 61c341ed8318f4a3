import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { DomainError } from "@/lib/core/domain-error";
import { watchResponses } from "@/lib/http/running-response";
import { STATUSES } from "@/lib/http/statuses";
import { enterPage, enterRequest } from "./in-flight";

vi.mock("@/lib/core/deadlines", () => ({ REQUEST_QUEUE_MS: 100 }));
watchResponses();

/** Ends the responses of running requests, oldest first. */
const running: (() => void)[] = [];
const server = http.createServer(async (request, response) => {
  const [, kind, user = ""] = (request.url ?? "").split("/");
  try {
    await (kind === "page" ? enterPage(user) : enterRequest(user));
    await enterRequest(user);
    running.push(() => response.end());
  } catch (error) {
    response.statusCode = kind === "page" ? 500 : STATUSES[(error as DomainError).problem];
    response.end();
  }
});
let url = "";
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

const status = async (path: string, signal?: AbortSignal) =>
  (await fetch(`${url}${path}`, signal && { signal })).status;
const finish = async (count: number) => {
  await expect.poll(() => running.length).toBe(count);
  for (const answer of running.splice(0)) answer();
};

test("four requests of a user run at once, and the others wait or get 429", async () => {
  const answers = Array.from({ length: 30 }, () => status("/route/one"));
  const statuses: number[] = [];
  for (const answer of answers) answer.then((each) => statuses.push(each));
  await expect.poll(() => statuses).toEqual(Array(26).fill(429));
  expect(running).toHaveLength(4);
  // Each user has separate slots.
  const other = status("/route/two");
  await finish(5);
  expect(await other).toBe(200);
  expect((await Promise.all(answers)).filter((each) => each === 200)).toHaveLength(4);
});

test("a slot is free again when the response is sent, and when the client disconnects", async () => {
  const disconnection = new AbortController();
  const disconnected = Array.from({ length: 4 }, () =>
    status("/route/one", disconnection.signal).catch(() => "disconnected"),
  );
  await expect.poll(() => running.length).toBe(4);
  disconnection.abort();
  expect(await Promise.all(disconnected)).toEqual(Array(4).fill("disconnected"));
  running.splice(0);
  for (let round = 0; round < 3; round += 1) {
    const answers = Array.from({ length: 4 }, () => status("/route/one"));
    await finish(4);
    expect(await Promise.all(answers)).toEqual(Array(4).fill(200));
  }
});

test("a page over the limit responds with 429 and Retry-After instead of Next's 500", async () => {
  const answers = Array.from({ length: 4 }, () => status("/page/one"));
  await expect.poll(() => running.length).toBe(4);
  const refused = await fetch(`${url}/page/one`);
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "2"]);
  await finish(4);
  await Promise.all(answers);
});

test("outside a request there is no limit", async () => {
  await Promise.all(Array.from({ length: 50 }, () => enterRequest("one")));
});
