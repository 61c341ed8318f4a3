/** Answers from a few rules, word by word at reading speed, without a network. */
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
      if (fails && index === 3) throw new Error("The answerer was asked to fail.");
      yield word;
    }
  },
};

type Rule = [when: RegExp, say: (question: Question, found: RegExpMatchArray) => string];

/** The first rule that matches gives the answer. */
const RULES: Rule[] = [
  [/^\/fail$/, () => "This answer is going to break off in the middle."],
  [/^(hi|hello|hey|good (morning|evening))\b/i, ({ chatbot }) => `Hello! I am ${chatbot}. What can I do for you?`],
  [/\b(thanks|thank you)\b/i, () => "You are welcome. Is there anything else?"],
  [/(-?\d+(?:\.\d+)?)\s*([-+*/×])\s*(-?\d+(?:\.\d+)?)/, (_, found) => calculate(found)],
  [
    /\b(who|what) are you\b|\bwhat can you do\b|\bhelp\b/i,
    ({ chatbot }) =>
      `I am ${chatbot}, a demonstration that runs on this machine. I greet, I calculate, and I repeat what I have ` +
      "understood. In your product a language model answers in my place; what counts is the same: one message when " +
      "the answer has ended, and nothing when it fails. Send /fail to see that.",
  ],
  [
    /\b(open|hours|when)\b/i,
    () => "We are here from nine to five, Monday to Friday. Shall I make a note that you will come by?",
  ],
  [
    /\b(price|cost|plan|refund|invoice)\b/i,
    () => "You find your plan, what it costs and all invoices on the billing page.",
  ],
  [/\?\s*$/, ({ text }) => `You asked: “${text}” I would look that up and come back to you.`],
];

function compose(question: Question): string {
  for (const [when, say] of RULES) {
    const found = question.text.trim().match(when);
    if (found) return say(question, found);
  }
  const words = countWords(question.text);
  return `I have noted your ${words === 1 ? "word" : `${words} words`}: “${question.text}”`;
}

function calculate([, left, sign = "", right]: RegExpMatchArray): string {
  const [a, b] = [Number(left), Number(right)];
  if (sign === "/" && b === 0) return "Nothing can be divided by zero, not even here.";
  const result = { "+": a + b, "-": a - b, "*": a * b, "×": a * b, "/": a / b }[sign] ?? 0;
  return `${a} ${sign} ${b} is ${Number(result.toPrecision(12))}.`;
}
