import { expect, test } from "vitest";
import { EXIT } from "./context";
import { run } from "./program";
import { progressBar, table } from "./terminal";

function terminal() {
  const lines: string[] = [];
  const notes: string[] = [];
  return {
    lines,
    notes,
    isTerminal: false,
    write: (line: string) => void lines.push(line),
    note: (line: string) => void notes.push(line),
    progress: () => {},
    confirm: async () => false,
  };
}

const open = () => Promise.reject(new Error("no command runs"));

test("the help of each command has examples, and needs no settings", async () => {
  for (const name of ["push", "check"]) {
    const output = terminal();
    expect(await run([name, "--help"], { open, terminal: output })).toBe(EXIT.ok);
    expect(output.lines.join("\n")).toMatch(/Examples:\n {2}\$ tollgate/);
  }
});

test.each([[["push", "--liv"]], [["pull"]], [["check", "surplus"]]])("%s is wrong use", async (argv) => {
  const output = terminal();
  expect(await run(argv, { open, terminal: output })).toBe(EXIT.wrongUse);
  expect(output.notes.join("\n")).toMatch(/error:/);
});

test("a defect of a command is a problem with its message", async () => {
  const output = terminal();
  expect(await run(["check"], { open, terminal: output })).toBe(EXIT.problems);
  expect(output.notes).toEqual(["no command runs"]);
});

test("tables are aligned on a terminal, and have tabs in a pipe", () => {
  const rows = [
    ["create", "price", "a"],
    ["archive", "x"],
  ];
  expect(table(rows, true)).toEqual(["create   price  a", "archive  x"]);
  expect(table(rows, false)).toEqual(["create\tprice\ta", "archive\tx"]);
});

test("progress is a bar if the end is known, else a count", () => {
  expect(progressBar(50, 100, "steps")).toBe(`[${"#".repeat(12)}${"-".repeat(12)}] 50/100 steps`);
  expect(progressBar(7, null, "subscriptions")).toBe("7 subscriptions");
});
