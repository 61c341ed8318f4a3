import { type Unit, unitsOf } from "./words";

/** Words that a model processes at once, roughly. */
export const CHUNK_WORDS = 120;

/**
 * Splits a text into chunks that joined are the text, each ending at the end of a sentence or a line if possible. No
 * word is split, and the words of the chunks add up to the words of the text.
 * @param size words after which a chunk ends at the next such place; at twice as many it ends anywhere
 */
export function splitIntoChunks(text: string, size = CHUNK_WORDS): Unit[] {
  const chunks: Unit[] = [];
  let units: string[] = [];
  let words = 0;
  for (const unit of unitsOf(text)) {
    const pause = LINE_BREAK.test(unit.text) || SENTENCE_END.test((units.at(-1) ?? "").slice(-TAIL));
    if (units.length > 0 && ((words >= size && pause) || words + unit.words > 2 * size)) {
      chunks.push({ text: units.join(""), words });
      units = [];
      words = 0;
    }
    units.push(unit.text);
    words += unit.words;
  }
  if (units.length > 0) chunks.push({ text: units.join(""), words });
  return chunks;
}

const LINE_BREAK = /^\s*\n/;
const SENTENCE_END = /[.!?…。！？]["'”’」』）)\]]*$/;
/** Enough for the punctuation that closes a sentence. */
const TAIL = 8;
