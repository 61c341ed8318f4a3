/** Answers that arrive piece by piece: one JSON document a line, for work that takes its time. */
import { STREAM_MS, STREAM_READ_MS } from "@/lib/deadlines";
import { pacedStream } from "./paced-stream";

const TYPE = "application/x-ndjson";

/** Whether the caller asked for lines rather than for one answer at the end. */
export function wantsJsonLines(request: Request): boolean {
  return request.headers.get("accept")?.includes(TYPE) ?? false;
}

/**
 * Streams what `work` yields, asking for the next piece only when the reader has room. When the reader disconnects, stops
 * reading or takes too long, the signal aborts and the generator is returned, so that its `finally` settles the work before
 * its reservation expires.
 * A throw ends the stream abruptly, since the status was sent long ago; a failure that people should read is yielded.
 */
export function jsonLines(work: (signal: AbortSignal) => AsyncGenerator<unknown, void>): Response {
  const gone = new AbortController();
  const lines = work(gone.signal);
  const body = pacedStream(written(lines), {
    readMs: STREAM_READ_MS,
    totalMs: STREAM_MS,
    name: "stream",
    async onStop(begun) {
      gone.abort();
      // A generator that never ran has no finally to run: its reservation would stay.
      if (!begun) await lines.next();
      await lines.return();
    },
  });
  return new Response(body, {
    headers: {
      "content-type": `${TYPE}; charset=utf-8`,
      // Whoever stands between must neither keep it nor gather it up.
      "cache-control": "private, no-store, no-transform",
      "x-accel-buffering": "no",
    },
  });
}

async function* written(lines: AsyncGenerator<unknown, void>): AsyncGenerator<string, void> {
  for await (const line of lines) yield `${JSON.stringify(line)}\n`;
}
