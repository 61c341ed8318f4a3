/**
 * A wire that can be hurt: a TCP proxy on loopback that delays, stalls, cuts, and swallows answers. It knows nothing of
 * what travels on it but what `Wire` tells it.
 */
import net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** What of a protocol must be known to cut it where it hurts most. */
export interface Wire {
  /** What a client's bytes ask for, by name; null where they ask for nothing that changes anything. */
  asks(bytes: Buffer): string | null;
  /** Whether these bytes end an answer: from here on the server has done it for good. */
  answered(bytes: Buffer): boolean;
}

/** Where a connection is cut: as soon as its request was passed on, or when the answer came and was not passed back. */
export type CutAt = "request sent" | "answer lost";

export interface TcpProxy {
  readonly port: number;
  /** Where new connections go from now on. */
  upstream: { host: string; port: number };
  /** Milliseconds that every packet waits, in both directions. */
  delay: number;
  /** While true nothing passes, and nothing is closed: the worst kind of network. */
  stalled: boolean;
  /** Resets every connection; how many there were. */
  cutAll(): number;
  /** Cuts each of the next `count` connections that ask for something, at the given place; 0 lets go of what is left. */
  cutNext(count: number, at: CutAt): void;
  /** What was cut so far, by place and by what it had asked for. */
  readonly cuts: ReadonlyMap<string, number>;
  close(): Promise<void>;
}

export async function startTcpProxy(upstream: { host: string; port: number }, wire: Wire): Promise<TcpProxy> {
  const pairs = new Set<Pair>();
  const cuts = new Map<string, number>();
  let pending: CutAt[] = [];
  const server = net.createServer((client) => connect(client));

  function connect(client: net.Socket): void {
    const server = net.connect({ ...proxy.upstream, noDelay: true });
    const pair: Pair = { client, server, asked: null };
    pairs.add(pair);
    client.setNoDelay(true);
    pass(client, server, (bytes) => {
      pair.asked = wire.asks(bytes) ?? pair.asked;
      return pair.asked !== null && cutsNow("request sent", pair) ? "then cut" : "pass";
    });
    pass(server, client, (bytes) => {
      if (pair.asked === null || !wire.answered(bytes)) return "pass";
      if (cutsNow("answer lost", pair)) return "cut";
      pair.asked = null;
      return "pass";
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      // A broken side breaks the other, as a network would.
      one.on("error", () => {});
      one.on("close", () => {
        pairs.delete(pair);
        other.destroy();
      });
    }

    /** Keeps the order of a direction, whatever each packet waits for. */
    function pass(from: net.Socket, to: net.Socket, judge: (bytes: Buffer) => "pass" | "cut" | "then cut"): void {
      let last = Promise.resolve();
      from.on("data", (bytes: Buffer) => {
        last = last.then(async () => {
          if (proxy.delay > 0) await sleep(proxy.delay);
          while (proxy.stalled) await sleep(20);
          const verdict = judge(bytes);
          if (verdict === "cut") return reset(pair);
          if (!to.destroyed) to.write(bytes, verdict === "then cut" ? () => reset(pair) : undefined);
        });
      });
      from.on("end", () => void last.then(() => to.end()));
    }
  }

  /** Takes a cut that was asked for, if one of this kind is left. */
  function cutsNow(at: CutAt, { asked }: Pair): boolean {
    const found = pending.indexOf(at);
    if (found < 0) return false;
    pending.splice(found, 1);
    const what = `${at}: ${asked}`;
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

interface Pair {
  client: net.Socket;
  server: net.Socket;
  /** What was asked for and not answered yet. */
  asked: string | null;
}

function reset({ client, server }: Pair): void {
  client.resetAndDestroy();
  server.destroy();
}
