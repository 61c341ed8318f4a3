import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { DomainError, PROBLEMS, type Problem } from "@/lib/core/domain-error";
import { answer } from "./respond";
import { STATUSES } from "./statuses";

const RETRY = { "retry-after": "2" };
const CLOSE = { connection: "close" };
const RESPONSES: readonly [Problem, status: number, headers: Record<string, string>][] = [
  ["bad_input", 400, {}],
  ["unauthenticated", 401, {}],
  ["payment_required", 402, {}],
  ["forbidden", 403, {}],
  ["not_found", 404, {}],
  ["too_slow", 408, CLOSE],
  ["conflict", 409, {}],
  ["too_large", 413, CLOSE],
  ["too_many", 429, RETRY],
  ["upstream_failed", 502, {}],
  ["unavailable", 503, RETRY],
];

/** The response to an error, with all its headers except the random id. */
async function responseTo(error: Error) {
  const response = await answer(() => Promise.reject(error));
  const { "x-request-id": _, ...headers } = Object.fromEntries(response.headers);
  return { status: response.status, headers, text: await response.text() };
}

test.each(RESPONSES)("%s: %i", async (problem, status, headers) => {
  expect(await responseTo(new DomainError(problem, "a_reason", "A sentence.", { field: "plan" }))).toEqual({
    status,
    headers: { "content-type": "application/json", "cache-control": "private, no-store", ...headers },
    text: '{"error":"A sentence.","reason":"a_reason","field":"plan"}',
  });
});

test("each problem has a row above and a distinct status", () => {
  expect(RESPONSES.map(([problem]) => problem)).toEqual(PROBLEMS);
  expect(new Set(Object.values(STATUSES)).size).toBe(PROBLEMS.length);
});

test.each(["too_many", "unavailable"] as const)("%s: Retry-After from the error's details", async (problem) => {
  const { headers } = await responseTo(new DomainError(problem, "a_reason", "Wait.", { retryAfterSeconds: 7 }));
  expect(headers["retry-after"]).toBe("7");
});

test("each error status that the documents name belongs to a problem", () => {
  const named = documents().flatMap((file) => {
    const prose = readFileSync(file, "utf8").replace(/^```.*?^```/gms, "");
    return [...prose.matchAll(STATUS)].map(([status]) => Number(status));
  });
  expect(named.length).toBeGreaterThan(10);
  const known: readonly number[] = Object.values(STATUSES);
  expect(named.filter((status) => !known.includes(status))).toEqual([]);
});

/** Registered error statuses without 500, which is a defect and no problem. */
const STATUS = /(?<!\d|\d[.,])(?:4(?:0\d|1[0-8]|2[1-9])|50[1-8])(?!\d|[.,]\d)/g;

function documents(): string[] {
  const root = path.join(import.meta.dirname, "../..");
  const docs = readdirSync(path.join(root, "docs"), { recursive: true, encoding: "utf8" });
  return ["README.md", ...docs.filter((name) => name.endsWith(".md")).map((name) => `docs/${name}`)].map((name) =>
    path.join(root, name),
  );
}
