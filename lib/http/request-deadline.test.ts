import http from "node:http";
import net from "node:net";
import { afterEach, expect, test } from "vitest";
import { limitRequestTime } from "./request-deadline";

limitRequestTime(50);

let server: http.Server | undefined;
afterEach(() => new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined))));

async function listen(handler: http.RequestListener): Promise<number> {
  server = http.createServer(handler);
  await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
  return (server.address() as net.AddressInfo).port;
}

/** The text that arrived until the server closed the connection. */
function closed(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let received = "";
    const socket = net.connect(port, "127.0.0.1", () => socket.write(text));
    socket.on("data", (data) => (received += data));
    socket.on("error", () => {});
    socket.on("close", () => resolve(received));
  });
}

const HEAD = "POST / HTTP/1.1\r\nhost: test\r\n";

test.each([
  ["a body that is never read", () => {}],
  ["a body that is read without a deadline", (request: http.IncomingMessage) => void request.resume()],
  [
    "a response before the body",
    (_: http.IncomingMessage, response: http.ServerResponse) => void response.end("early"),
  ],
])("closes a connection that stalls: %s", async (_, handler) => {
  const port = await listen(handler);
  await closed(port, `${HEAD}content-length: 100\r\n\r\nhalf`);
  await closed(port, `${HEAD}transfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n`);
});

test("does not close a connection with a complete request body while the response takes long", async () => {
  const port = await listen((request, response) => {
    request.resume();
    setTimeout(() => response.end("late response"), 200);
  });
  const answer = await closed(port, `${HEAD}connection: close\r\ncontent-length: 4\r\n\r\nfull`);
  expect(answer).toContain("late response");
});
