import http from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { socketAddress, watchConnections } from "./socket-address";

test("each request reads the address of its own connection, also after waiting", async () => {
  watchConnections();
  watchConnections();
  const server = http.createServer(async (request, response) => {
    for await (const _ of request);
    await sleep(20);
    response.end(socketAddress());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const from = (localAddress: string) =>
    new Promise<string>((resolve, reject) => {
      const request = http.request({ port, host: "127.0.0.1", localAddress, method: "POST" }, async (response) => {
        let text = "";
        for await (const chunk of response) text += chunk;
        resolve(text);
      });
      request.on("error", reject);
      request.end("body");
    });
  try {
    const addresses = ["127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.2"];
    expect(await Promise.all(addresses.map(from))).toEqual(addresses);
    expect(socketAddress()).toBeNull();
  } finally {
    server.close();
  }
});
