/** Answers that arrive piece by piece: one JSON document a line, for work that takes its time. */
import { STREAM_MS, STREAM_READ_MS } from "@/lib/deadlines";
import { whenClosed } from "./running-response";

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
  const encoder = new TextEncoder();
  let begun = false;
  let ended = false;
  let stalled: NodeJS.Timeout | undefined;
  let late: NodeJS.Timeout | undefined;

  /** True for the first call. */
  function end(): boolean {
    clearTimeout(stalled);
    clearTimeout(late);
    const first = !ended;
    ended = true;
    return first;
  }

  async function stop(): Promise<void> {
    if (!end()) return;
    gone.abort();
    // A generator that never ran has no finally to run: its reservation would stay.
    if (!begun) await lines.next();
    await lines.return();
  }

  function breakOff(controller: ReadableStreamDefaultController, problem: string): void {
    controller.error(new Error(problem));
    stop().catch(() => {});
  }

  const body = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        late = setTimeout(breakOff, STREAM_MS, controller, "The stream took too long.");
        stalled = setTimeout(breakOff, STREAM_READ_MS, controller, "The reader of the stream stopped.");
      },
      async pull(controller) {
        begun = true;
        clearTimeout(stalled);
        const next = await lines.next().catch((error: unknown) => {
          end();
          throw error;
        });
        if (ended) return;
        if (next.done) {
          end();
          return controller.close();
        }
        controller.enqueue(encoder.encode(`${JSON.stringify(next.value)}\n`));
        stalled = setTimeout(breakOff, STREAM_READ_MS, controller, "The reader of the stream stopped.");
      },
      cancel: stop,
    },
    // Nothing is made ahead of its reader: what was not read was not delivered.
    { highWaterMark: 0 },
  );
  whenClosed(() => void stop().catch(() => {}));
  return new Response(body, {
    headers: {
      "content-type": `${TYPE}; charset=utf-8`,
      // Whoever stands between must neither keep it nor gather it up.
      "cache-control": "private, no-store, no-transform",
      "x-accel-buffering": "no",
    },
  });
}
