/** Streams the results of long work: one JSON document per line. */
import { STREAM_MS, STREAM_READ_MS } from "@/lib/core/deadlines";
import { pacedStream } from "./paced-stream";

const TYPE = "application/x-ndjson";

/** Whether the caller accepts lines instead of one response at the end. */
export function wantsJsonLines(request: Request): boolean {
  return request.headers.get("accept")?.includes(TYPE) ?? false;
}

/**
 * Streams the values of `work`, one for each read. If the reader disconnects, stops reading or takes too long, the signal
 * aborts and the generator returns. Its `finally` then settles the work before its reservation expires.
 * An error breaks the stream, since the status has been sent: yield a failure that people should read.
 */
export function jsonLines(work: (signal: AbortSignal) => AsyncGenerator<unknown, void>): Response {
  const stopped = new AbortController();
  const lines = work(stopped.signal);
  const body = pacedStream(serialized(lines), {
    readMs: STREAM_READ_MS,
    totalMs: STREAM_MS,
    name: "stream",
    async onStop(begun) {
      stopped.abort();
      // The `finally` of a generator that never ran does not run, so its reservation would stay open.
      if (!begun) await lines.next();
      await lines.return();
    },
  });
  return new Response(body, {
    headers: {
      "content-type": `${TYPE}; charset=utf-8`,
      // Proxies must neither cache nor buffer the stream.
      "cache-control": "private, no-store, no-transform",
      "x-accel-buffering": "no",
    },
  });
}

async function* serialized(lines: AsyncGenerator<unknown, void>): AsyncGenerator<string, void> {
  for await (const line of lines) yield `${JSON.stringify(line)}\n`;
}
