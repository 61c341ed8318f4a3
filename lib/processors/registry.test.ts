/** With a key, the processors' clients use the address of a fake, if one is set. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";

afterEach(() => {
  vi.unstubAllEnvs();
  vi.resetModules();
});

/** Answers every request with a refusal. */
async function fake() {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    response.writeHead(404, { "content-type": "application/json" }).end('{"error":{"code":"not_found"}}');
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { requests, port: (server.address() as AddressInfo).port };
}

/** `getProcessor` of a production process with these variables. */
async function getProcessorWith(variables: Record<string, string>): Promise<typeof import("./registry").getProcessor> {
  vi.stubEnv("TOLLGATE_SANDBOX", "0");
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  vi.resetModules();
  return (await import("./registry")).getProcessor;
}

test("Stripe's client sends its requests to STRIPE_API_BASE", async () => {
  const { requests, port } = await fake();
  const getProcessor = await getProcessorWith({
    STRIPE_SECRET_KEY: "sk_test_1",
    STRIPE_API_BASE: `http://127.0.0.1:${port}`,
  });
  await expect((await getProcessor("stripe"))?.client.checkoutState("cs_test_1")).rejects.toMatchObject({
    name: "ProcessorError",
  });
  expect(requests).toEqual(["GET /v1/checkout/sessions/cs_test_1 Bearer sk_test_1"]);
});

test("Paddle's client sends its requests to PADDLE_API_BASE, below its path", async () => {
  const { requests, port } = await fake();
  const getProcessor = await getProcessorWith({
    PADDLE_API_KEY: "pdl_sdbx_apikey_1",
    PADDLE_ENVIRONMENT: "sandbox",
    PADDLE_API_BASE: `http://127.0.0.1:${port}/paddle/`,
  });
  await expect((await getProcessor("paddle"))?.client.checkoutState("txn_1")).rejects.toMatchObject({
    name: "ProcessorError",
  });
  expect(requests).toEqual(["GET /paddle/transactions/txn_1? bearer pdl_sdbx_apikey_1"]);
});
