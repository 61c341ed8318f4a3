import { beforeEach, expect, test, vi } from "vitest";
import { VARIABLE_NAMES } from "@/lib/core/env";

beforeEach(() => {
  vi.resetModules();
  for (const name of VARIABLE_NAMES) vi.stubEnv(name, "");
});

async function policy(variables: Record<string, string>): Promise<Record<string, string[]>> {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const { contentSecurityPolicy } = await import("./content-security-policy");
  const directives = contentSecurityPolicy("abc").split("; ");
  return Object.fromEntries(directives.map((each) => [each.split(" ")[0], each.split(" ").slice(1)]));
}

const hosts = (directives: Record<string, string[]>) =>
  Object.fromEntries(
    Object.entries(directives)
      .map(([name, values]) => [name, values.filter((each) => each.startsWith("http"))] as const)
      .filter(([, values]) => values.length > 0),
  );

test("the policy allows only our own origin if no provider is configured", async () => {
  const directives = await policy({ TOLLGATE_SANDBOX: "1" });
  expect(hosts(directives)).toEqual({});
  expect(directives["script-src"]).toEqual(["'self'", "'nonce-abc'", "'strict-dynamic'"]);
  expect(directives["style-src"]).toEqual(["'self'", "'nonce-abc'"]);
  for (const name of ["object-src", "base-uri", "frame-ancestors", "frame-src", "worker-src"])
    expect(directives[name]).toEqual(["'none'"]);
});

test("the policy allows Clerk's hosts", async () => {
  const clerk = {
    CLERK_SECRET_KEY: "sk_test_x",
    CLERK_PUBLISHABLE_KEY: `pk_live_${Buffer.from("clerk.example.com$").toString("base64")}`,
  };
  expect(hosts(await policy(clerk))).toEqual({
    "script-src": ["https://clerk.example.com", "https://challenges.cloudflare.com"],
    "connect-src": ["https://clerk.example.com"],
    "img-src": ["https://img.clerk.com"],
    "frame-src": ["https://challenges.cloudflare.com"],
  });
});

test("the policy allows Stripe's hosts", async () => {
  expect(hosts(await policy({ STRIPE_SECRET_KEY: "sk_test_x", STRIPE_WEBHOOK_SECRET: "whsec_x" }))).toEqual({
    "script-src": ["https://js.stripe.com"],
    "connect-src": ["https://api.stripe.com"],
    "frame-src": ["https://js.stripe.com", "https://hooks.stripe.com", "https://checkout.stripe.com"],
    "form-action": ["https://checkout.stripe.com", "https://billing.stripe.com"],
  });
});

test.each([
  ["production", ""],
  ["sandbox", "sandbox-"],
])("the policy allows the hosts of Paddle's %s", async (environment, prefix) => {
  const keys = { PADDLE_API_KEY: "pdl_x", PADDLE_WEBHOOK_SECRET: "pdl_y", PADDLE_ENVIRONMENT: environment };
  const token = `${environment === "sandbox" ? "test" : "live"}_0123456789abcdef0123456789a`;
  expect(hosts(await policy({ ...keys, PADDLE_CLIENT_TOKEN: token }))).toEqual({
    "script-src": ["https://cdn.paddle.com"],
    "style-src": [`https://${prefix}cdn.paddle.com`],
    "img-src": [`https://${prefix}cdn.paddle.com`],
    "connect-src": [`https://${prefix}checkout-service.paddle.com`, `https://${prefix}create-checkout.paddle.com`],
    "frame-src": [`https://${prefix}buy.paddle.com`, `https://${prefix}cdn.paddle.com`],
    "form-action": [`https://${prefix}customer-portal.paddle.com`],
  });
});

test("the policy allows only Paddle's portal without a client-side token, since no page loads Paddle.js", async () => {
  const keys = { PADDLE_API_KEY: "pdl_x", PADDLE_WEBHOOK_SECRET: "pdl_y" };
  expect(hosts(await policy(keys))).toEqual({ "form-action": ["https://customer-portal.paddle.com"] });
});

test.each(["pk_test_", "pk_test_%%%", `pk_test_${Buffer.from("evil.example; script-src *$").toString("base64")}`])(
  "an invalid publishable key (%s) adds nothing to the policy",
  async (key) => {
    expect(hosts(await policy({ CLERK_SECRET_KEY: "x", CLERK_PUBLISHABLE_KEY: key }))["connect-src"]).toBeUndefined();
  },
);
