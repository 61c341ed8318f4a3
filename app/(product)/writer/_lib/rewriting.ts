/** Rewrites a long text in chunks, with progress. If the user stops it, the finished chunks are charged. */

import { setTimeout as sleep } from "node:timers/promises";
import { log, type Settlement } from "tollgate/server";
import { reserveAll } from "../../_lib/reservation";
import { splitIntoChunks } from "./chunks";
import { restyle } from "./styles";
import { chargedWords } from "./words";
import { priceOf, type Transform } from "./writer";

/** A delay per chunk in place of a model's work, so that the progress is visible. */
const CHUNK_MS = 80;

export type RewritingLine =
  | { type: "begun"; words: number }
  /** `words`: the rewritten words so far, including this chunk. */
  | { type: "part"; text: string; words: number }
  | { type: "done"; usage: { words: Settlement | null; transformations: Settlement | null } }
  | { type: "failed"; error: string; reason: "rewriting_failed" };

/**
 * Reserves the text's words and one transformation, and returns the function that does the work. The count is:
 * - everything, if the work is complete;
 * - the words of the finished chunks, if the user stopped it, and the transformation if a chunk is finished;
 * - nothing, if it failed.
 * @throws DomainError payment_required if the plan does not allow all of it; then nothing is reserved
 */
export async function streamRewriting(
  userId: string,
  transform: Transform,
): Promise<(signal: AbortSignal) => AsyncGenerator<RewritingLine, void>> {
  const chunks = splitIntoChunks(transform.text);
  const whole = chargedWords(chunks.reduce((sum, chunk) => sum + chunk.words, 0));
  const reservation = await reserveAll(userId, priceOf(transform));

  return async function* work(signal) {
    let doneWords = 0;
    let words = 0;
    let failed = false;
    let settled: (Settlement | null)[] = [];
    try {
      yield { type: "begun", words: whole };
      for (const chunk of chunks) {
        await sleep(CHUNK_MS, undefined, { signal });
        const text = restyle(chunk.text, transform.style);
        doneWords += chunk.words;
        words = chargedWords(doneWords);
        yield { type: "part", text, words };
      }
    } catch (error) {
      if (!signal.aborted) {
        words = 0;
        failed = true;
        log.error({ userId, error: String(error) }, "[Writer] A rewriting failed");
      }
    } finally {
      settled = await reservation.settle([words, words > 0 ? 1 : 0]);
    }
    const [ofWords = null, ofTransformations = null] = settled;
    yield failed ? FAILED : { type: "done", usage: { words: ofWords, transformations: ofTransformations } };
  };
}

const FAILED = {
  type: "failed",
  error: "The rewriting failed. Nothing was counted; please try again.",
  reason: "rewriting_failed",
} as const;
