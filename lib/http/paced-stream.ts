/** Streams whose work ends if the reader disconnects, stops reading or takes too long. */
import { whenClosed } from "./running-response";

interface Pacing {
  /** Milliseconds that the reader may take to request the next part. */
  readMs: number;
  /** Milliseconds that the whole stream may take; without it there is no limit. */
  totalMs?: number;
  /** The content's name in error messages. */
  name: string;
  /** Called once when the stream ends, also by an error. */
  onEnd?: () => void;
  /** Called once if the stream ends before its last part, instead of returning the generator. */
  onStop?: (begun: boolean) => Promise<void>;
}

/** Streams the parts. The generator runs only when the reader requests a part, so a part that is not read is not produced. */
export function pacedStream(
  parts: AsyncGenerator<string, void>,
  { readMs, totalMs, name, onEnd, onStop = async () => void (await parts.return()) }: Pacing,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let begun = false;
  let ended = false;
  let stalled: NodeJS.Timeout | undefined;
  let late: NodeJS.Timeout | undefined;

  /** True for the first call. */
  function end(): boolean {
    clearTimeout(stalled);
    clearTimeout(late);
    if (ended) return false;
    ended = true;
    onEnd?.();
    return true;
  }

  async function stop(): Promise<void> {
    if (end()) await onStop(begun);
  }

  function fail(controller: ReadableStreamDefaultController, problem: string): void {
    controller.error(new Error(problem));
    stop().catch(() => {});
  }

  function awaitReader(controller: ReadableStreamDefaultController): void {
    stalled = setTimeout(fail, readMs, controller, `The reader of the ${name} stopped.`);
  }

  const stream = new ReadableStream<Uint8Array>(
    {
      start(controller) {
        if (totalMs !== undefined) late = setTimeout(fail, totalMs, controller, `The ${name} took too long.`);
        awaitReader(controller);
      },
      async pull(controller) {
        begun = true;
        clearTimeout(stalled);
        const next = await parts.next().catch((error: unknown) => {
          end();
          throw error;
        });
        if (ended) return;
        if (next.done) {
          end();
          return controller.close();
        }
        controller.enqueue(encoder.encode(next.value));
        awaitReader(controller);
      },
      cancel: stop,
    },
    { highWaterMark: 0 },
  );
  whenClosed(() => void stop().catch(() => {}));
  return stream;
}
