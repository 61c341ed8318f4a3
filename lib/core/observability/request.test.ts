import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { DomainError } from "@/lib/core/domain-error";
import { answer, json } from "@/lib/http";
import { inRequest, requestId } from "./request";

const withId = (id: string) => new Request("http://localhost/", { headers: { "x-request-id": id } });

test("code reads the id of its own request, also with concurrent requests; outside a request there is none", async () => {
  const one = (id: string) =>
    inRequest(id, async () => {
      await sleep(5);
      return requestId();
    });
  expect(await Promise.all([one("first"), one("second")])).toEqual(["first", "second"]);
  expect(requestId()).toBeUndefined();
});

test("a response has its request's id, also an error response", async () => {
  const seen: (string | undefined)[] = [];
  const good = await answer(async () => {
    seen.push(requestId());
    return json({});
  });
  const bad = await answer(async () => {
    seen.push(requestId());
    throw new DomainError("not_found", "not_found", "There is nothing here.");
  });
  expect([good, bad].map((response) => response.headers.get("x-request-id"))).toEqual(seen);
  expect(new Set(seen).size).toBe(2);
  expect([bad.status, bad.headers.get("cache-control")]).toEqual([404, "private, no-store"]);
});

test("a proxy's id is used, unless it could forge a log line", async () => {
  const named = async (id: string) => (await answer(async () => json({}), withId(id))).headers.get("x-request-id");
  expect(await named("req_0198-abc.7")).toBe("req_0198-abc.7");
  for (const odd of ['a","level":"fatal', "a b", "x".repeat(65)]) expect(await named(odd)).not.toBe(odd);
});

test("a response with immutable headers gets an id too", async () => {
  const response = await answer(async () => Response.redirect("http://localhost/next"));
  expect([response.status, response.headers.get("location")]).toEqual([302, "http://localhost/next"]);
  expect(response.headers.get("x-request-id")).toMatch(/^[\w-]{36}$/);
});
