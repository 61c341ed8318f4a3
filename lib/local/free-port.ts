/** A port of this machine that no program uses now. */
import net from "node:net";

/** @param host the address on which the program will listen */
export function freePort(host: "localhost" | "127.0.0.1" = "localhost"): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on("error", reject);
    server.listen(0, host, () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
