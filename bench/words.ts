/** How long the writer takes to count and cut its longest text, by kind of text. Processor time, the least of the rounds. */
import { partsOf } from "@/app/(product)/writer/_lib/chunks";
import { countWords } from "@/app/(product)/writer/_lib/words";
import { printTable } from "./table";

const LENGTH = 200_000;
const LIMIT_MS = 50;
const TEXTS = {
  English: "The quick brown fox jumps over it. ",
  accents: "é ",
  Chinese: "我们今天去学校学习中文，天气很好。",
  "one ideograph": "我",
  Thai: "สวัสดีครับวันนี้อากาศดีมาก",
  "zero-width spaces": "word\u200b",
  emoji: "😀👩‍👩‍👧‍👦🇩🇪",
  dots: ".",
  "words and dots": "a.....",
};

export function wordsBench(rounds: number): void {
  const rows = Object.entries(TEXTS).map(([name, piece]) => {
    const text = piece.repeat(Math.ceil(LENGTH / piece.length)).slice(0, LENGTH);
    const count = least(rounds, () => countWords(text));
    const parts = least(rounds, () => partsOf(text));
    return [name, String(countWords(text)), count.toFixed(1), parts.toFixed(1), count < LIMIT_MS ? "yes" : "no"];
  });
  const head = ["", "words", "count ms", "parts ms", `under ${LIMIT_MS} ms`];
  printTable(`words: ${LENGTH.toLocaleString("en")} characters, ${rounds} rounds`, head, rows);
}

function least(rounds: number, work: () => unknown): number {
  const times = Array.from({ length: rounds }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  return Math.min(...times);
}
