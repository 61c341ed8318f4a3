/** The sandbox's Stripe on loopback for STRIPE_API_BASE. It can carry a request out and withhold the answer. */
import { createServer, type ServerResponse } from "node:http";
import { afterAll, beforeAll } from "vitest";
import type { Sandbox } from "@/lib/sandbox/sandbox";
import { httpClientOver } from "@/lib/sandbox/stripe";
import { listen, stop } from "../fakes/listen";

export function fakeStripeServer(sandbox: Sandbox) {
  const client = httpClientOver(() => sandbox, "http://localhost:3000");
  /** `POST /v1/customers`, in their order. */
  const requests: string[] = [];
  const withheld: ServerResponse[] = [];
  let isWithheld: (request: string) => boolean = () => false;
  let base = "";

  const server = createServer(async (request, response) => {
    const { method = "GET", url = "/", headers } = request;
    const name = `${method} ${url.split("?")[0]}`;
    requests.push(name);
    let body = "";
    for await (const chunk of request) body += chunk;
    const sent = Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, String(value)]));
    const { hostname, port } = new URL(base);
    const answer = await client.makeRequest(hostname, port, url, method, sent, body, "http", 60_000);
    if (isWithheld(name)) {
      withheld.push(response);
      return;
    }
    const { "content-length": _, "content-encoding": __, ...answered } = answer.getHeaders() as Record<string, string>;
    response.writeHead(answer.getStatusCode(), answered).end(JSON.stringify(await answer.toJSON()));
  });
  beforeAll(async () => {
    base = `http://127.0.0.1:${await listen(server)}`;
  });
  afterAll(() => stop(server));

  return {
    get base() {
      return base;
    },
    requests,
    /** Withholds the answers to these requests until the returned function is called. */
    withhold(matches: (request: string) => boolean) {
      isWithheld = matches;
      return () => {
        isWithheld = () => false;
        for (const response of withheld.splice(0)) response.destroy();
      };
    },
  };
}
