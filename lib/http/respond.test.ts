/** A route recognizes errors of another bundle's copy of a module. */
import { expect, test, vi } from "vitest";

async function copies() {
  const { answer } = await import("./respond");
  vi.resetModules();
  const { DatabaseError } = await import("@/lib/database/errors");
  const { DomainError } = await import("@/lib/core/domain-error");
  return { answer, DatabaseError, DomainError };
}

test("an unavailable database is 503, also for another copy's error", async () => {
  const { answer, DatabaseError } = await copies();
  const response = await answer(() => Promise.reject(new DatabaseError("full", "unavailable", "overloaded")));
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "2"]);
  expect(await response.json()).toMatchObject({
    reason: "unavailable",
    error: expect.stringContaining("Nothing was changed"),
  });
});

test("bad input is 400, also for another copy's error", async () => {
  const { answer, DomainError } = await copies();
  const response = await answer(() =>
    Promise.reject(new DomainError("bad_input", "bad_input", "amount: is wrong", { field: "amount" })),
  );
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({ error: "amount: is wrong", reason: "bad_input", field: "amount" });
});

test("any other error is a 500 that does not reveal its message", async () => {
  const { answer } = await copies();
  const response = await answer(() => Promise.reject(new Error("secret")));
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain("secret");
});
