/** A silent database causes a clear error within the deadline, never an endless wait. */
import net from "node:net";
import { setImmediate as eventLoopTurn } from "node:timers/promises";
import { afterEach, expect, test, vi } from "vitest";
import { createGate } from "@/lib/usage/gate";
import { createGateway } from "../gateway";
import { postgresTransport } from "./postgres";

vi.unmock("@/lib/core/deadlines");

/** A call must be answered within 4 s. */
const ANSWERED_MS = 4_000;
const servers: net.Server[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const server of servers.splice(0)) server.close();
});

/** A port that accepts connections and sends nothing. */
async function silence(): Promise<string> {
  const server = net.createServer((socket) => socket.on("error", () => {}));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `postgres://tollgate@127.0.0.1:${(server.address() as net.AddressInfo).port}/tollgate`;
}

test("a silent server is unavailable within the deadline, for every waiting call", async () => {
  const url = await silence();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance", "Date"] });
  const gateway = createGateway(postgresTransport(url));
  const gate = createGate(() => gateway);
  const answers: unknown[] = [];
  for (let index = 0; index < 40; index += 1)
    gate.consume(`user-${index % 3}`, "stamps_used", 1).then(
      () => answers.push("counted"),
      (error) => answers.push(error.problem),
    );
  for (let now = 0; now < ANSWERED_MS; now += 50) {
    await vi.advanceTimersByTimeAsync(50);
    for (let turn = 0; turn < 5; turn += 1) await eventLoopTurn();
  }
  expect(answers).toEqual(Array(40).fill("unavailable"));
  void gateway.end();
});

test("an absent server is unavailable at once", async () => {
  const url = await silence();
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  const gateway = createGateway(postgresTransport(url));
  await expect(gateway.ping()).rejects.toMatchObject({ problem: "unavailable" });
  await gateway.end();
});
