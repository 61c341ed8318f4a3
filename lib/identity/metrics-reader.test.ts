import { afterEach, expect, test, vi } from "vitest";

const TOKEN = "a-token-of-sixteen-or-more";

/** What a reader with that header is told, by the variables; null: let in. */
async function refusal(variables: Record<string, string>, authorization?: string): Promise<number | null> {
  vi.resetModules();
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const { requireMetricsReader } = await import("./index");
  const headers = new Headers(authorization === undefined ? {} : { authorization });
  try {
    requireMetricsReader(new Request("http://localhost/api/metrics", { headers }));
    return null;
  } catch (error) {
    return (error as { status: number }).status;
  }
}
afterEach(() => vi.unstubAllEnvs());

test("outside the sandbox metrics are there for the token's holder only, and for nobody without one", async () => {
  expect(await refusal({ TOLLGATE_SANDBOX: "0" })).toBe(404);
  expect(await refusal({ TOLLGATE_SANDBOX: "0" }, `Bearer ${TOKEN}`)).toBe(404);
  const production = { TOLLGATE_SANDBOX: "0", METRICS_TOKEN: TOKEN };
  expect(await refusal(production)).toBe(401);
  expect(await refusal(production, `Bearer ${TOKEN}x`)).toBe(401);
  expect(await refusal(production, `Bearer ${TOKEN}`)).toBeNull();
});

test("the sandbox is open until a token is set", async () => {
  expect(await refusal({ TOLLGATE_SANDBOX: "1" })).toBeNull();
  expect(await refusal({ TOLLGATE_SANDBOX: "1", METRICS_TOKEN: TOKEN })).toBe(401);
});
