/** The writer's text functions on the longest text that a request may carry, in shapes that once took them long. */
import { partsOf } from "@/app/(product)/writer/_lib/chunks";
import { countWords } from "@/app/(product)/writer/_lib/words";
import { rewrite } from "@/app/(product)/writer/_lib/writer";
import { median } from "./load";
import { printTable } from "./table";

const LONGEST = 200_000;
const fill = (unit: string) =>
  unit
    .repeat(Math.ceil(LONGEST / unit.length))
    .slice(0, LONGEST)
    .trim();

const TEXTS: readonly [name: string, text: string][] = [
  ["sentences", fill("The quick brown fox jumps over the lazy dog. ")],
  ["199,000 dots, 200 words", `${".".repeat(199_000)}x ${"word ".repeat(200).trim()}`],
  ["one word", fill("x")],
  ["dots and quotes", fill('.""" ')],
];

const WORK = {
  "count ms": countWords,
  "parts ms": partsOf,
  "rewrite ms": (text: string) => rewrite({ text, style: "concise" }),
};

export function textBench({ rounds }: { rounds: number }): void {
  const rows = TEXTS.map(([name, text]) => [
    name,
    ...Object.values(WORK).map((work) =>
      median(Array.from({ length: rounds }, () => milliseconds(work, text))).toFixed(1),
    ),
  ]);
  printTable(
    `Text of ${LONGEST.toLocaleString("en-US")} characters, ${rounds} rounds`,
    ["", ...Object.keys(WORK)],
    rows,
  );
}

function milliseconds(work: (text: string) => unknown, text: string): number {
  const begun = performance.now();
  work(text);
  return performance.now() - begun;
}
