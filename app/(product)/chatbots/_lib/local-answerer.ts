/** An answerer without a network: it answers by a few rules, word by word. */
import { setTimeout as sleep } from "node:timers/promises";
import { countWords } from "../../writer/_lib/words";
import type { Answerer, Question } from "./answerer";

const WORD_MS = 35;

export const localAnswerer: Answerer = {
  async *answer(question, signal) {
    const words = compose(question).split(/(?<=\s)/);
    const fails = question.text.trim() === "/fail";
    for (const [index, word] of words.entries()) {
      await sleep(WORD_MS, undefined, { signal });
      if (fails && index === 3) throw new Error("The message /fail makes the answerer fail.");
      yield word;
    }
  },
};

type Rule = [pattern: RegExp, reply: (question: Question, found: RegExpMatchArray) => string];

/** The first rule that matches gives the answer. */
const RULES: Rule[] = [
  [/^\/fail$/, () => "This answer will be interrupted in the middle."],
  [/^(hi|hello|hey|good (morning|evening))\b/i, ({ chatbot }) => `Hello! I am ${chatbot}. What can I do for you?`],
  [/\b(thanks|thank you)\b/i, () => "You are welcome. Is there anything else?"],
  [/(-?\d+(?:\.\d+)?)\s*([-+*/×])\s*(-?\d+(?:\.\d+)?)/, (_, found) => calculate(found)],
  [
    /\b(who|what) are you\b|\bwhat can you do\b|\bhelp\b/i,
    ({ chatbot }) =>
      `I am ${chatbot}, a demonstration that runs on this machine. I greet, I calculate, and I repeat your ` +
      "messages. In your product a language model answers instead. The count is the same: one message for a complete " +
      "answer, and nothing for a failed one. Send /fail to see that.",
  ],
  [
    /\b(open|hours|when)\b/i,
    () => "We are here from nine to five, Monday to Friday. Shall I make a note that you will come by?",
  ],
  [/\b(price|cost|plan|refund|invoice)\b/i, () => "Your plan, its price and all invoices are on the billing page."],
  [/\?\s*$/, ({ text }) => `You asked: “${text}” I would look that up and come back to you.`],
];

function compose(question: Question): string {
  for (const [pattern, reply] of RULES) {
    const found = question.text.trim().match(pattern);
    if (found) return reply(question, found);
  }
  const words = countWords(question.text);
  return `I have noted your ${words === 1 ? "word" : `${words} words`}: “${question.text}”`;
}

function calculate([, left, sign = "", right]: RegExpMatchArray): string {
  const [a, b] = [Number(left), Number(right)];
  if (sign === "/" && b === 0) return "Division by zero has no result.";
  const result = { "+": a + b, "-": a - b, "*": a * b, "×": a * b, "/": a / b }[sign] ?? 0;
  return `${a} ${sign} ${b} is ${Number(result.toPrecision(12))}.`;
}
