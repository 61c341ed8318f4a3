/**
 * Counts words with `Intl.Segmenter`, so that scripts without spaces and words separated by zero-width spaces count too.
 * The page, the price and the settlement use these functions. Browsers can have other dictionaries, so the page shows an
 * estimate, and the server's count decides.
 */

/** One locale for all users, so that the count does not depend on the user. */
const SEGMENTER = new Intl.Segmenter("en", { granularity: "word" });

/**
 * The most characters of one word; a longer word counts once for each 32 characters. The segmenter reads words that an
 * underscore, a dot or an invisible character joins as one word, which would cost a fraction of their price.
 */
const LONGEST_WORD = 32;

/**
 * The segmenter copies its text for each segment, so it reads windows of this many characters: a multiple of
 * LONGEST_WORD.
 */
const WINDOW = 192;
/** A boundary closer to the window's end could change with the text after it. */
const MARGIN = 48;

/** A piece of text; no word crosses its edges. */
export interface Unit {
  text: string;
  words: number;
}

/** Most texts consist of such tokens. For them the segmenter gives the same result, more slowly. */
const ONE_WORD = /^["'([“‘]*[A-Za-z0-9]+[.,!?;:"')\]”’…]*$/;
const NO_WORD = /^[!-/:-@[-^`{-~…]+$/;

/** Spaces that always end a word. Other spaces can join digits, or differ between browsers. */
const TOKENS = /[\t-\r ]*[^\t-\r ]+|[\t-\r ]+$/g;
const SPACE = /^[\t-\r ]*/;

/** The units of a text, in one pass: joined they are the text, and their words add up to its words. */
export function* unitsOf(text: string): Generator<Unit, void> {
  let pending: string[] = [];
  let length = 0;
  for (const [token] of text.matchAll(TOKENS)) {
    const plain = plainWords(token);
    if (token.length > WINDOW || (plain !== null && pending.length === 0)) {
      yield* unitsOfTokens(pending);
      pending = [];
      length = 0;
      if (plain === null) yield* windowsOf(token);
      else yield { text: token, words: plain };
      continue;
    }
    // A segmenter call costs more than the text it reads, so short tokens share a call.
    pending.push(token);
    length += token.length;
    if (length < WINDOW) continue;
    yield* unitsOfTokens(pending);
    pending = [];
    length = 0;
  }
  yield* unitsOfTokens(pending);
}

/** The words of a token that needs no segmenter; null for any other token. */
function plainWords(token: string): number | null {
  const body = token.slice(SPACE.exec(token)?.[0].length);
  if (body === "" || NO_WORD.test(body)) return 0;
  return body.length <= LONGEST_WORD && ONE_WORD.test(body) ? 1 : null;
}

/** The tokens with their words, from one segmenter call. */
function unitsOfTokens(tokens: readonly string[]): Unit[] {
  const units = tokens.map((text) => ({ text, words: 0 }));
  let at = 0;
  let end = units[0]?.text.length ?? 0;
  if (units.length === 0) return units;
  for (const found of SEGMENTER.segment(tokens.join(""))) {
    while (found.index >= end) {
      at += 1;
      end += units[at]?.text.length ?? Number.POSITIVE_INFINITY;
    }
    const unit = units[at];
    if (unit) unit.words += wordsOf(found);
  }
  return units;
}

function wordsOf({ segment, isWordLike }: Intl.SegmentData): number {
  return isWordLike ? Math.ceil(segment.length / LONGEST_WORD) : 0;
}

export function countWords(text: string): number {
  let words = 0;
  for (const unit of unitsOf(text)) words += unit.words;
  return words;
}

/** The words that are charged for a text, or for its finished chunks: at least one. */
export function chargedWords(words: number): number {
  return Math.max(1, words);
}

/** The units of a long token, cut at word boundaries. A window without a boundary counts as one word. */
function* windowsOf(body: string): Generator<Unit, void> {
  let start = 0;
  while (start < body.length) {
    const last = start + WINDOW >= body.length;
    const window = body.slice(start, last ? body.length : wholeCharacter(body, start + WINDOW));
    const safeEnd = last ? window.length : WINDOW - MARGIN;
    let end = 0;
    let words = 0;
    for (const found of SEGMENTER.segment(window)) {
      const { index, segment } = found;
      if (index >= safeEnd || (end > 0 && !last && index + segment.length > safeEnd)) break;
      end = index + segment.length;
      words += wordsOf(found);
    }
    yield { text: window.slice(0, end), words };
    start += end;
  }
}

/** The end, moved if it would split a surrogate pair. */
function wholeCharacter(text: string, end: number): number {
  const unit = text.charCodeAt(end - 1);
  return unit >= 0xd800 && unit < 0xdc00 ? end + 1 : end;
}
