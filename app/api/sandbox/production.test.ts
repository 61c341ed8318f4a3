/** Production has no sandbox: its routes answer 404, and its module fails to load. */
import { readFileSync } from "node:fs";
import { beforeEach, expect, test, vi } from "vitest";

beforeEach(() => {
  vi.resetModules();
  vi.stubEnv("TOLLGATE_SANDBOX", "0");
  return () => {
    vi.unstubAllEnvs();
    vi.resetModules();
  };
});

const post = () => new Request("http://localhost/", { method: "POST", body: "{}" });
const context = { params: Promise.resolve({ id: "cs_test_1" }) };

const ROUTES: Record<string, () => Promise<Response>> = {
  "POST /api/admin/clock": async () => (await import("../admin/clock/route")).POST(post()),
  "POST /api/sandbox/clock": async () => (await import("./clock/route")).POST(post()),
  "POST /api/sandbox/stripe/checkout/[id]": async () =>
    (await import("./stripe/checkout/[id]/route")).POST(post(), context),
  "POST /api/sandbox/stripe/portal/[id]": async () =>
    (await import("./stripe/portal/[id]/route")).POST(post(), context),
  "POST /api/sandbox/stripe/invoice/[id]": async () =>
    (await import("./stripe/invoice/[id]/route")).POST(post(), context),
  "GET /api/sandbox/stripe/invoice/[id]/pdf": async () =>
    (await import("./stripe/invoice/[id]/pdf/route")).GET(post(), context),
  "POST /api/sandbox/paddle/checkout/[transaction]": async () =>
    (await import("./paddle/checkout/[transaction]/route")).POST(post(), {
      params: Promise.resolve({ transaction: "txn_1" }),
    }),
  "POST /api/sandbox/paddle/payment/[subscription]": async () =>
    (await import("./paddle/payment/[subscription]/route")).POST(post(), {
      params: Promise.resolve({ subscription: "sub_1" }),
    }),
  "POST /api/sandbox/paddle/portal/[id]": async () =>
    (await import("./paddle/portal/[id]/route")).POST(post(), context),
  "GET /api/sandbox/paddle/invoice/[id]/pdf": async () =>
    (await import("./paddle/invoice/[id]/pdf/route")).GET(post(), context),
  "POST /api/sandbox/paddle/v1/[...path]": async () => (await import("./paddle/v1/[...path]/route")).POST(post()),
};

test.each(Object.keys(ROUTES))("%s is not there", async (name) => {
  const response = await (ROUTES[name] as () => Promise<Response>)();
  expect(response.status).toBe(404);
  expect(await response.json()).toEqual({ error: "There is nothing here.", reason: "not_found" });
});

test("the module cannot be loaded", async () => {
  await expect(import("@/lib/sandbox")).rejects.toThrow("cannot be loaded in production");
});

test.each([
  "stripe/checkout/[id]",
  "stripe/portal/[id]",
  "stripe/invoice/[id]",
  "paddle/checkout/[transaction]",
  "paddle/payment/[subscription]",
  "paddle/portal/[id]",
])("the hosted page %s is not there", async (page) => {
  const { openSandbox } = await import("@/app/sandbox/_parts/open-sandbox");
  await expect(openSandbox()).rejects.toThrow("NEXT_HTTP_ERROR_FALLBACK;404");
  const source = readFileSync(new URL(`../../sandbox/${page}/page.tsx`, import.meta.url), "utf8");
  expect(source).toContain("openSandbox()");
  expect(source).not.toMatch(/import\("@\/lib\/sandbox"\)/);
});
