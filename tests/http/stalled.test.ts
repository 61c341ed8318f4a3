/** Connections that send a part of their body and stop, on the production build with its own deadlines. */
import net from "node:net";
import { afterAll, describe, expect, test } from "vitest";
import { type FakeClerk, startFakeClerk } from "@/tests/fakes/clerk";
import { appServer, PROCESSOR } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";

const database = testDatabase();
const KEY = "usage-key-of-the-tests-0123456789";
let clerk: FakeClerk;
const app = appServer(async (url) => {
  clerk = await startFakeClerk(url);
  return { ...clerk.environment, ...PROCESSOR, DATABASE_URL: database.url, USAGE_API_KEY: KEY };
});
afterAll(() => clerk?.stop());

/** Sends half of a body of 1 MB and waits for the end of the connection; returns the answer and the duration. */
function stall(path: string, headers: Record<string, string> = {}): Promise<{ answer: string; seconds: number }> {
  const { hostname, port, host } = new URL(app.url);
  const begun = performance.now();
  const lines = Object.entries({ host, "content-length": "1000000", ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return new Promise((resolve) => {
    let answer = "";
    const socket = net.connect(Number(port), hostname, () => {
      socket.write(`POST ${path} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      socket.write("x".repeat(500_000));
    });
    socket.on("data", (data) => (answer += data));
    socket.on("error", () => {});
    socket.on("close", () => resolve({ answer, seconds: (performance.now() - begun) / 1000 }));
  });
}

const status = (answer: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 0);

describe("a body that stalls", () => {
  test("of an unsigned delivery is not read, and the connection ends", async () => {
    const all = await Promise.all(
      Array.from({ length: 120 }, () => stall("/api/webhook/stripe", { "content-type": "application/json" })),
    );
    for (const { answer } of all) expect([0, 400]).toContain(status(answer));
    expect(all.some(({ answer }) => answer.includes("missing_signature"))).toBe(true);
  });

  test("is ended by the deadline with a well-formed signature, and on other routes and pages", async () => {
    const signature = { "stripe-signature": `t=1,v1=${"0".repeat(64)}` };
    const service = { authorization: `Bearer ${KEY}` };
    const [webhook, gate, route, page] = await Promise.all([
      stall("/api/webhook/stripe", signature),
      stall("/api/usage/consume", service),
      stall("/api/chatbots"),
      stall("/billing", { "content-type": "multipart/form-data; boundary=x", "next-action": "0".repeat(42) }),
    ]);
    expect(webhook.answer).toContain("body_too_slow");
    expect([webhook, gate].map(({ answer }) => status(answer))).toEqual([408, 408]);
    expect(webhook.answer.toLowerCase()).toContain("\r\nconnection: close\r\n");
    // The 401 is sent at once, and the connection ends without the rest of the body.
    expect(status(route.answer)).toBe(401);
    expect(status(page.answer)).not.toBe(200);
    // Node alone ends such a connection after 300 s.
    for (const { seconds } of [webhook, gate, route, page]) expect(seconds).toBeLessThan(200);
  });
});
