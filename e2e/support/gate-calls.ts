/** Calls of the gate over HTTP, as a service with the usage key. */
import { type APIRequestContext, expect } from "@playwright/test";

export const KEY = { authorization: "Bearer sandbox-usage-key" };
export const GATE = "/api/usage";

/** Calls the gate; with the service's key if no other headers are given. */
export async function call(
  request: APIRequestContext,
  action: string,
  data: unknown,
  headers: Record<string, string> = KEY,
) {
  const response = await request.post(`${GATE}/${action}`, { data: JSON.stringify(data), headers });
  expect(response.headers()["cache-control"]).toContain("no-store");
  return { status: response.status(), body: await response.json() };
}

/** The usage history of the signed-in user. */
export async function history(request: APIRequestContext, query: string) {
  const response = await request.get(`${GATE}/history?${query}`);
  return { status: response.status(), body: await response.json() };
}

/** The used and remaining amounts, from a refused call that writes nothing. */
export async function amounts(request: APIRequestContext, userId: string, field = "words_used") {
  const { body } = await call(request, "consume", { userId, field, amount: 2 ** 40 });
  return { used: body.used, remaining: body.remaining };
}
