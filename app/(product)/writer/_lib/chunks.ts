import { type Unit, unitsOf } from "./words";

/** The approximate number of words that a model processes in one call. */
export const CHUNK_WORDS = 120;

/**
 * Splits a text into chunks; joined, they are the text. A chunk ends at the end of a sentence or a line if possible. No
 * word is split, and the words of the chunks add up to the words of the text.
 * @param size after this number of words a chunk ends at the next sentence or line; at twice the number it ends anyway
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
/** The characters that are searched for the end of a sentence. */
const TAIL = 8;
