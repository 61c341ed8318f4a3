/** The server of a fake: it serves a thousand requests at once, and never closes a connection that a client may use. */
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

/** The queue of connections to accept; with Node's 511 a client's connections time out on a busy machine. */
const BACKLOG = 4_096;

/** Ends open connections too. */
export async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}

/** Listens on a free port of loopback and returns the port. */
export async function listen(server: Server): Promise<number> {
  // No timeouts: a client whose event loop lags would use a connection that the server has just closed.
  server.keepAliveTimeout = 0;
  server.headersTimeout = 0;
  server.requestTimeout = 0;
  await new Promise<void>((resolve) =>
    server.listen({ port: 0, host: "127.0.0.1", backlog: BACKLOG }, () => resolve()),
  );
  return (server.address() as AddressInfo).port;
}
