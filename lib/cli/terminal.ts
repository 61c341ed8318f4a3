/** Output of commands: tables on a terminal, lines with tabs in a pipe, JSON on request. */
import { createInterface } from "node:readline/promises";

export interface Terminal {
  /** Writes a line of the result. */
  write(line: string): void;
  /** Writes a line about the work, which is no part of the result. */
  note(line: string): void;
  /** Shows how much of a long work is done; nothing in a pipe. */
  progress(done: number, total: number | null, what: string): void;
  /** Whether a person reads the output. */
  isTerminal: boolean;
  /** Asks a question; false in a pipe, which cannot answer. */
  confirm(question: string): Promise<boolean>;
}

const BAR = 24;

export function processTerminal(): Terminal {
  const { stdout, stderr, stdin } = process;
  let hasBar = false;
  const clear = () => {
    if (hasBar) stderr.write("\r\u001b[K");
    hasBar = false;
  };
  return {
    isTerminal: stdout.isTTY === true,
    write(line) {
      clear();
      stdout.write(`${line}\n`);
    },
    note(line) {
      clear();
      stderr.write(`${line}\n`);
    },
    progress(done, total, what) {
      if (stderr.isTTY !== true) return;
      stderr.write(`\r\u001b[K${progressBar(done, total, what)}`);
      hasBar = true;
    },
    async confirm(question) {
      if (stdin.isTTY !== true) return false;
      const reader = createInterface({ input: stdin, output: stderr });
      const answer = await reader.question(`${question} [y/N] `);
      reader.close();
      return /^y(es)?$/i.test(answer.trim());
    },
  };
}

/** `total` is null if the end is unknown. */
export function progressBar(done: number, total: number | null, what: string): string {
  if (total === null || total === 0) return `${done} ${what}`;
  const filled = Math.round((Math.min(done, total) / total) * BAR);
  return `[${"#".repeat(filled)}${"-".repeat(BAR - filled)}] ${done}/${total} ${what}`;
}

/** Rows of cells: aligned columns on a terminal, cells with tabs in a pipe. */
export function table(rows: readonly (readonly string[])[], isTerminal: boolean): string[] {
  if (!isTerminal) return rows.map((row) => row.join("\t"));
  const widths: number[] = [];
  for (const row of rows)
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
