import { type Unit, unitsOf } from "./words";

/** About what a model takes at once, in words. */
export const PART_WORDS = 120;

/**
 * A text in parts that are joined the text again, each cut where a sentence or a line ends if one does in time. No word is
 * cut in two, and the words of the parts add up to the words of the text.
 * @param size words after which a part ends at the next such place; at twice as many it ends anywhere
 */
export function splitIntoChunks(text: string, size = PART_WORDS): Unit[] {
  const parts: Unit[] = [];
  let units: string[] = [];
  let words = 0;
  for (const unit of unitsOf(text)) {
    const pause = LINE_BREAK.test(unit.text) || SENTENCE_END.test((units.at(-1) ?? "").slice(-TAIL));
    if (units.length > 0 && ((words >= size && pause) || words + unit.words > 2 * size)) {
      parts.push({ text: units.join(""), words });
      units = [];
      words = 0;
    }
    units.push(unit.text);
    words += unit.words;
  }
  if (units.length > 0) parts.push({ text: units.join(""), words });
  return parts;
}

const LINE_BREAK = /^\s*\n/;
const SENTENCE_END = /[.!?…。！？]["'”’」』）)\]]*$/;
/** Enough for the marks that close a sentence. */
const TAIL = 8;
