/** Fail closed: a database that does not answer is a clear error in time, never a wait without end. */
import net from "node:net";
import { afterEach, expect, test } from "vitest";
import { createGate } from "@/lib/usage/gate";
import { createGateway } from "./gateway";
import { postgresTransport } from "./postgres";

/** A call must be answered within 4 s; the rest is the test's own. */
const ANSWERED_MS = 4_000;
const servers: net.Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A port that takes connections and never says a word. */
async function silence(): Promise<string> {
  const server = net.createServer((socket) => socket.on("error", () => {}));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `postgres://tollgate@127.0.0.1:${(server.address() as net.AddressInfo).port}/tollgate`;
}

test("a server that says nothing: unavailable in time, for everybody who waits", async () => {
  const gateway = createGateway(postgresTransport(await silence()));
  const gate = createGate(() => gateway);
  const start = performance.now();
  const answers = await Promise.allSettled(
    Array.from({ length: 40 }, (_, index) => gate.consume(`user-${index % 3}`, "words_used", 1)),
  );
  expect(performance.now() - start).toBeLessThan(ANSWERED_MS);
  for (const answer of answers)
    expect(answer).toMatchObject({ status: "rejected", reason: { problem: "unavailable" } });
  void gateway.end();
}, 10_000);

test("nobody there: unavailable at once", async () => {
  const url = await silence();
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  const gateway = createGateway(postgresTransport(url));
  await expect(gateway.ping()).rejects.toMatchObject({ problem: "unavailable" });
  await gateway.end();
});
