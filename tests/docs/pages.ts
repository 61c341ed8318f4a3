/** The pages for readers, and the content of their blocks. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

export interface Block {
  page: string;
  /** `sh`, `sql`, …, and what the page says after it. */
  language: string;
  note: string;
  text: string;
}

const inFolder = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".md"))
    .map((name) => path.join(folder, name));

export const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  "UPGRADE.md",
  "SECURITY.md",
  ...inFolder("docs"),
  ...inFolder("docs/decisions"),
];

export function blocksOf(page: string): Block[] {
  return [...readFileSync(page, "utf8").matchAll(/^( *)```(\w+)[ ]?([^\n]*)\n([\s\S]*?)^ *```$/gm)].map(
    ([, indent = "", language = "", note = "", text = ""]) => ({
      page,
      language,
      note,
      text: text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
    }),
  );
}

export const BLOCKS = PAGES.flatMap(blocksOf);
