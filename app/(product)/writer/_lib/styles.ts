/** The writer's styles: simple local rules in place of a language model. */

/** Replacements of whole words in any case; an initial capital is preserved. */
type Rules = Readonly<Record<string, string>>;

const PLAIN: Rules = {
  utilize: "use",
  utilise: "use",
  utilizes: "uses",
  utilized: "used",
  facilitate: "help",
  commence: "begin",
  terminate: "end",
  purchase: "buy",
  regarding: "about",
  approximately: "about",
  "in order to": "to",
  "prior to": "before",
  "subsequent to": "after",
  "at this point in time": "now",
  "due to the fact that": "because",
  "in the event that": "if",
};

const FORMAL: Rules = {
  "can't": "cannot",
  "don't": "do not",
  "doesn't": "does not",
  "won't": "will not",
  "isn't": "is not",
  "it's": "it is",
  "we're": "we are",
  "you're": "you are",
  "i'm": "I am",
  "let's": "let us",
  hi: "dear reader",
  thanks: "thank you",
  "a lot of": "many",
  gonna: "going to",
  ok: "acceptable",
  asap: "as soon as possible",
};

const FRIENDLY: Rules = {
  "dear sir or madam": "hi there",
  "yours faithfully": "cheers",
  regards: "cheers",
  cannot: "can't",
  "do not": "don't",
  "does not": "doesn't",
  "will not": "won't",
  "it is": "it's",
  "we are": "we're",
  "you are": "you're",
  "please be advised that": "just so you know:",
};

/** The plain style, without words that add nothing. */
const CONCISE: Rules = {
  ...PLAIN,
  very: "",
  really: "",
  quite: "",
  basically: "",
  actually: "",
  "as a matter of fact": "",
  "it should be noted that": "",
  "needless to say": "",
};

const RULES = { plain: PLAIN, formal: FORMAL, friendly: FRIENDLY, concise: CONCISE };

export type Style = keyof typeof RULES;
export const STYLES = Object.keys(RULES) as [Style, ...Style[]];

/** Rewrites a text, or a chunk of one, in another style. */
export function restyle(text: string, style: Style): string {
  return text.replace(PATTERNS[style], (found: string, space: string, words: string, at: number) => {
    const replacement = RULES[style][words.toLowerCase().replaceAll("’", "'")] ?? words;
    const capital = /^\p{Lu}/u.test(words);
    // A word is removed only inside a phrase: elsewhere its capital or its comma would remain.
    if (replacement === "")
      return space !== "" && !capital && /^\s\p{L}/u.test(text.slice(at + found.length, at + found.length + 3))
        ? ""
        : found;
    return space + (capital ? replacement.charAt(0).toUpperCase() + replacement.slice(1) : replacement);
  });
}

/** Longer phrases first, so that a shorter phrase inside one does not match before it. */
function patternOf(rules: Rules): RegExp {
  const phrases = Object.keys(rules)
    .sort((a, b) => b.length - a.length)
    .map((phrase) => phrase.replaceAll("'", "['’]"));
  return new RegExp(`([^\\S\\n]?)(?<![\\p{L}\\p{N}'’-])(${phrases.join("|")})(?![\\p{L}\\p{N}'’-])`, "giu");
}

const PATTERNS = Object.fromEntries(STYLES.map((style) => [style, patternOf(RULES[style])])) as Record<Style, RegExp>;
