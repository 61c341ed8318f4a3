import { type Answer, refusalOf, UNREACHABLE } from "./send-json";

/** The end of a stream: complete, or stopped by the user. */
export type StreamResult = Answer<"ended" | "stopped">;

/**
 * Posts to one of our own routes and calls `onLine` for each line of its answer; never throws. `Line` is not checked,
 * since page and route are one build. If the signal aborts, the server stops the work and settles it.
 */
export async function streamLines<Line>(
  path: string,
  body: unknown,
  { signal, onLine }: { signal: AbortSignal; onLine: (line: Line) => void },
): Promise<StreamResult> {
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

/** The lines of a stream. Not every browser can iterate over a stream. */
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
