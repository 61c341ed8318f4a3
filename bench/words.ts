/** Processor time of the writer's text functions on the longest text of a request, per kind of text. */
import { splitIntoChunks } from "@/app/(product)/writer/_lib/chunks";
import { countWords } from "@/app/(product)/writer/_lib/words";
import { rewrite } from "@/app/(product)/writer/_lib/writer";
import { printTable } from "./table";

const LENGTH = 200_000;
const LIMIT_MS = 50;

/** Languages without spaces, and shapes that once took long. */
const TEXTS: Readonly<Record<string, string>> = {
  English: fill("The quick brown fox jumps over the lazy dog. "),
  accents: fill("é "),
  Chinese: fill("我们今天去学校学习中文，天气很好。"),
  "one ideograph": fill("我"),
  Thai: fill("สวัสดีครับวันนี้อากาศดีมาก"),
  "zero-width spaces": fill("word\u200b"),
  emoji: fill("😀👩‍👩‍👧‍👦🇩🇪"),
  "one word": fill("x"),
  dots: fill("."),
  "words and dots": fill("a....."),
  "dots and quotes": fill('.""" '),
  "199,000 dots, 200 words": `${".".repeat(199_000)}x ${"word ".repeat(200).trim()}`,
};

export function wordsBench(rounds: number): void {
  const rows = Object.entries(TEXTS).map(([name, text]) => {
    const count = leastMs(rounds, () => countWords(text));
    const chunks = leastMs(rounds, () => splitIntoChunks(text));
    const rewriting = leastMs(rounds, () => rewrite({ text, style: "concise" }));
    const times = [count, chunks, rewriting].map((milliseconds) => milliseconds.toFixed(1));
    return [name, String(countWords(text)), ...times, count < LIMIT_MS ? "yes" : "no"];
  });
  const head = ["", "words", "count ms", "chunks ms", "rewrite ms", `count under ${LIMIT_MS} ms`];
  printTable(`words: ${LENGTH.toLocaleString("en")} characters, ${rounds} rounds`, head, rows);
}

function fill(unit: string): string {
  return unit
    .repeat(Math.ceil(LENGTH / unit.length))
    .slice(0, LENGTH)
    .trim();
}

/** The least processor time of the rounds: other processes do not count, and the first rounds compile. */
function leastMs(rounds: number, work: () => unknown): number {
  const times = Array.from({ length: rounds }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  });
  return Math.min(...times);
}
