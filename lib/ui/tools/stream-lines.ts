import { type Answer, refusalOf, UNREACHABLE } from "./send-json";

/** How a started stream ended: completely, or stopped by its reader. */
export type Streamed = Answer<"ended" | "stopped">;

/**
 * Posts to one of our own routes and passes on each line of its answer as it arrives; never throws. `Line` is not
 * checked: both sides are built together. Aborting the signal stops the work, and the server settles it.
 */
export async function streamLines<Line>(
  path: string,
  body: unknown,
  { signal, onLine }: { signal: AbortSignal; onLine: (line: Line) => void },
): Promise<Streamed> {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/x-ndjson" },
      body: JSON.stringify(body),
      signal,
    });
    if (!response.ok || response.body === null)
      return { ok: false, status: response.status, refusal: refusalOf(await response.text()) };
    for await (const line of linesOf(response.body)) onLine(JSON.parse(line) as Line);
    return { ok: true, value: "ended" };
  } catch {
    return signal.aborted ? { ok: true, value: "stopped" } : { ok: false, status: 0, refusal: { error: UNREACHABLE } };
  }
}

/** Not every browser can iterate over a stream. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    const lines = (rest + (value ?? "")).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
    if (done) return;
  }
}
