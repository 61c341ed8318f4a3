import { afterEach, expect, test, vi } from "vitest";
import type { DomainError, Problem } from "@/lib/core/domain-error";

const TOKEN = "a-token-of-sixteen-or-more";

/** The problem of a reader with this header and these variables; null if it is accepted. */
async function refusal(variables: Record<string, string>, authorization?: string): Promise<Problem | null> {
  vi.resetModules();
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const { requireMetricsReader } = await import("./index");
  const headers = new Headers(authorization === undefined ? {} : { authorization });
  try {
    requireMetricsReader(new Request("http://localhost/api/metrics", { headers }));
    return null;
  } catch (error) {
    return (error as DomainError).problem;
  }
}
afterEach(() => vi.unstubAllEnvs());

test("outside the sandbox the metrics need the token, and are not found if none is configured", async () => {
  expect(await refusal({ TOLLGATE_SANDBOX: "0" })).toBe("not_found");
  expect(await refusal({ TOLLGATE_SANDBOX: "0" }, `Bearer ${TOKEN}`)).toBe("not_found");
  const production = { TOLLGATE_SANDBOX: "0", METRICS_TOKEN: TOKEN };
  expect(await refusal(production)).toBe("unauthenticated");
  expect(await refusal(production, `Bearer ${TOKEN}x`)).toBe("unauthenticated");
  expect(await refusal(production, `Bearer ${TOKEN}`)).toBeNull();
});

test("the sandbox needs no token unless one is configured", async () => {
  expect(await refusal({ TOLLGATE_SANDBOX: "1" })).toBeNull();
  expect(await refusal({ TOLLGATE_SANDBOX: "1", METRICS_TOKEN: TOKEN })).toBe("unauthenticated");
});
