/** Answers that arrive piece by piece: one JSON document a line, for work that takes its time. */

const TYPE = "application/x-ndjson";

/** Whether the caller asked for lines rather than for one answer at the end. */
export function wantsJsonLines(request: Request): boolean {
  return request.headers.get("accept")?.includes(TYPE) ?? false;
}

/**
 * Streams what `work` yields, asking for the next piece only when the reader has room. When the reader goes away the
 * signal aborts and the generator is returned, so that its `finally` runs: work that was stopped is settled there.
 * A throw ends the stream abruptly, since the status was sent long ago; a failure that people should read is yielded.
 */
export function jsonLines(work: (signal: AbortSignal) => AsyncGenerator<unknown, void>): Response {
  const gone = new AbortController();
  const lines = work(gone.signal);
  const encoder = new TextEncoder();
  let begun = false;
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        begun = true;
        const { value, done } = await lines.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
      },
      async cancel() {
        gone.abort();
        // A generator that never ran has no finally to run: whoever left at once would leave their hold behind.
        if (!begun) await lines.next();
        await lines.return();
      },
    },
    // Nothing is made ahead of its reader: what was not read was not delivered.
    { highWaterMark: 0 },
  );
  return new Response(body, {
    headers: {
      "content-type": `${TYPE}; charset=utf-8`,
      // Whoever stands between must neither keep it nor gather it up.
      "cache-control": "private, no-store, no-transform",
      "x-accel-buffering": "no",
    },
  });
}
