/** A long text rewritten in parts, with progress; whoever stops it pays for the parts that came. */
import { setTimeout as sleep } from "node:timers/promises";
import { log } from "@/lib/observability";
import type { Settlement } from "@/lib/usage";
import { hold } from "../../_lib/reservation";
import { splitIntoChunks } from "./chunks";
import { restyle } from "./styles";
import { chargedWords } from "./words";
import { priceOf, type Transform } from "./writer";

/** What a model would take for a part, roughly; enough to see it work. */
const PART_MS = 80;

export type RewritingLine =
  | { type: "begun"; words: number }
  /** `words`: of the text so far, this part's among them. */
  | { type: "part"; text: string; words: number }
  | { type: "done"; usage: { words: Settlement | null; transformations: Settlement | null } }
  | { type: "failed"; error: string; reason: "rewriting_failed" };

/**
 * Holds the text's words and one transformation, and gives what does the work. What counts: all of it where it ended;
 * where its reader stopped it, the words of the parts that came, and the transformation if any came; nothing where it failed.
 * @throws HttpError 402 where the plan has no room for all of it; nothing is held then
 */
export async function openRewriting(
  userId: string,
  transform: Transform,
): Promise<(signal: AbortSignal) => AsyncGenerator<RewritingLine, void>> {
  const parts = splitIntoChunks(transform.text);
  const whole = chargedWords(parts.reduce((sum, part) => sum + part.words, 0));
  const held = await hold(userId, priceOf(transform));

  return async function* work(signal) {
    let came = 0;
    let words = 0;
    let failed = false;
    let settled: (Settlement | null)[] = [];
    try {
      yield { type: "begun", words: whole };
      for (const part of parts) {
        await sleep(PART_MS, undefined, { signal });
        const text = restyle(part.text, transform.style);
        came += part.words;
        words = chargedWords(came);
        yield { type: "part", text, words };
      }
    } catch (error) {
      if (!signal.aborted) {
        words = 0;
        failed = true;
        log.error({ userId, error: String(error) }, "[Writer] A rewriting failed");
      }
    } finally {
      settled = await held.settle([words, words > 0 ? 1 : 0]);
    }
    const [ofWords = null, ofTransformations = null] = settled;
    yield failed ? FAILED : { type: "done", usage: { words: ofWords, transformations: ofTransformations } };
  };
}

const FAILED = {
  type: "failed",
  error: "The rewriting broke off. Nothing was counted; please try again.",
  reason: "rewriting_failed",
} as const;
