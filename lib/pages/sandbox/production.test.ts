/** Production has no sandbox: its routes answer 404, and its module fails to load. */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { beforeEach, expect, test, vi } from "vitest";
import { SANDBOX_ROUTES } from "@/lib/sandbox/routes";

beforeEach(() => {
  vi.resetModules();
  vi.stubEnv("TOLLGATE_SANDBOX", "0");
  return () => {
    vi.unstubAllEnvs();
    vi.resetModules();
  };
});

// The simulation is not among them: it allows dry runs in production, and its own tests cover it.
const routes = SANDBOX_ROUTES.filter(({ path }) => !path.startsWith("/test/"));

test.each(routes)("$path is not there", async ({ load }) => {
  const handlers = Object.values(await load());
  expect(handlers).not.toHaveLength(0);
  for (const handler of handlers) {
    const response = await handler(new Request("http://localhost/", { method: "POST", body: "{}" }), { id: "any" });
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: "There is nothing here.", reason: "not_found" });
  }
});

test("the module cannot be loaded", async () => {
  await expect(import("@/lib/sandbox")).rejects.toThrow("cannot be loaded in production");
});

const pages = globSync("*/*-page.tsx", { cwd: import.meta.dirname }).filter((page) => !page.startsWith("simulation"));

test("the hosted pages are not there", async () => {
  const { openSandbox } = await import("./parts/open-sandbox");
  await expect(openSandbox()).rejects.toThrow("NEXT_HTTP_ERROR_FALLBACK;404");
});

test.each(pages)("the hosted page %s opens the sandbox by the check", (page) => {
  const source = readFileSync(path.join(import.meta.dirname, page), "utf8");
  expect(source).toContain("openSandbox()");
  expect(source).not.toMatch(/import\("@\/lib\/sandbox"\)/);
});

test("there are seven hosted pages", () => {
  expect(pages).toHaveLength(7);
});
