/**
 * A faulty connection: a TCP proxy on loopback that delays, stalls and cuts, and loses answers. It knows its traffic
 * only through `Protocol`.
 */
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Parts of a protocol that the proxy needs to cut at the worst moment. */
export interface Protocol {
  /** The name of the request in a client's bytes; null if it writes nothing. */
  requestIn(bytes: Buffer): string | null;
  /** Whether these bytes end an answer: the server has then committed the work. */
  endsAnswer(bytes: Buffer): boolean;
}

/** When to cut a connection: after its request was sent, or before its answer is passed on. */
export type CutAt = "request sent" | "answer lost";

export interface TcpProxy {
  readonly port: number;
  /** The destination of new connections. */
  upstream: { host: string; port: number };
  /** The delay of every packet in milliseconds, in both directions. */
  delay: number;
  /** While true, no packet passes and no connection closes. */
  stalled: boolean;
  /** Resets every connection, and returns their number. */
  cutAll(): number;
  /** Cuts each of the next `count` connections with a request, at the given moment; 0 cancels the rest. */
  cutNext(count: number, at: CutAt): void;
  /** The number of cuts by moment and request. */
  readonly cuts: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

export async function startTcpProxy(upstream: { host: string; port: number }, protocol: Protocol): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  const cuts = new Map<string, number>();
  let pending: CutAt[] = [];
  const server = net.createServer((client) => connect(client, { proxy, protocol, pairs, takeCut }));

  /** Takes one pending cut of this kind, if there is one. */
  function takeCut(at: CutAt, { request }: Pair): boolean {
    const found = pending.indexOf(at);
    if (found < 0) return false;
    pending.splice(found, 1);
    const what = `${at}: ${request}`;
    cuts.set(what, (cuts.get(what) ?? 0) + 1);
    return true;
  }

  const proxy: TcpProxy = {
    port: 0,
    upstream,
    delay: 0,
    stalled: false,
    cuts,
    cutAll() {
      const count = pairs.size;
      for (const pair of pairs) reset(pair);
      return count;
    },
    cutNext(count, at) {
      pending = Array.from({ length: count }, () => at);
    },
    close: () =>
      new Promise((resolve) => {
        for (const pair of pairs) reset(pair);
        server.close(() => resolve());
      }),
  };
  await new Promise<void>((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  return Object.assign(proxy, { port: (server.address() as net.AddressInfo).port });
}

interface Connecting {
  proxy: TcpProxy;
  protocol: Protocol;
  pairs: Set<Pair>;
  takeCut: (at: CutAt, pair: Pair) => boolean;
}

/** Connects a client with the upstream, and passes packets in both directions. */
function connect(client: net.Socket, { proxy, protocol, pairs, takeCut }: Connecting): void {
  const server = net.connect({ ...proxy.upstream, noDelay: true });
  const pair: Pair = { client, server, request: null };
  pairs.add(pair);
  client.setNoDelay(true);
  pass(client, server, (bytes) => {
    pair.request = protocol.requestIn(bytes) ?? pair.request;
    return pair.request !== null && takeCut("request sent", pair) ? "then cut" : "pass";
  });
  pass(server, client, (bytes) => {
    if (pair.request === null || !protocol.endsAnswer(bytes)) return "pass";
    if (takeCut("answer lost", pair)) return "cut";
    pair.request = null;
    return "pass";
  });
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    // A broken side breaks the other, as in a network.
    one.on("error", () => {});
    one.on("close", () => {
      pairs.delete(pair);
      other.destroy();
    });
  }

  /** Keeps the order of a direction, however long each packet waits. */
  function pass(from: net.Socket, to: net.Socket, decide: (bytes: Buffer) => "pass" | "cut" | "then cut"): void {
    let last = Promise.resolve();
    from.on("data", (bytes: Buffer) => {
      last = last.then(async () => {
        if (proxy.delay > 0) await sleep(proxy.delay);
        while (proxy.stalled) await sleep(20);
        const verdict = decide(bytes);
        if (verdict === "cut") return reset(pair);
        if (!to.destroyed) to.write(bytes, verdict === "then cut" ? () => reset(pair) : undefined);
      });
    });
    from.on("end", () => void last.then(() => to.end()));
  }
}

interface Pair {
  client: net.Socket;
  server: net.Socket;
  /** The name of the unanswered request. */
  request: string | null;
}

function reset({ client, server }: Pair): void {
  client.resetAndDestroy();
  server.destroy();
}
