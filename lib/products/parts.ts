import { countWords } from "./words";

/** About what a model takes at once, in words. */
export const PART_WORDS = 120;

/**
 * A text in parts that are joined the text again, each cut where a sentence or a line ends if one does in time. No word is
 * cut in two, so that the words of the parts add up to the words of the text.
 * @param size words after which a part ends at the next such place; at twice as many it ends anywhere
 */
export function partsOf(text: string, size = PART_WORDS): string[] {
  const parts: string[] = [];
  let part = "";
  let words = 0;
  let last = "";
  for (const [token] of text.matchAll(/\s*\S+|\s+$/g)) {
    const pause = /\n/.test(token.match(/^\s*/)?.[0] ?? "") || /[.!?…]["'”’)\]]*$/.test(last);
    if ((words >= size && pause) || words >= 2 * size) {
      parts.push(part);
      part = "";
      words = 0;
    }
    part += token;
    // Only the last token can end a sentence: testing the whole part would read it again for each of its words.
    last = token;
    words += countWords(token);
  }
  if (part !== "") parts.push(part);
  return parts;
}
