/** The files whose imports are checked. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./project";

const CHECKED = ["app", "bench", "e2e", "lib", "scripts", "soak", "tests", "proxy.ts", "instrumentation.ts"];

export function checkedSources() {
  const files = CHECKED.flatMap(filesBelow);
  return {
    sources: new Map(files.map((file) => [file, readFileSync(path.join(ROOT, file), "utf8")])),
    exists: (file: string) => existsSync(path.join(ROOT, file)),
  };
}

function filesBelow(entry: string): string[] {
  if (/\.tsx?$/.test(entry)) return [entry];
  return readdirSync(path.join(ROOT, entry), { withFileTypes: true })
    .filter((child) => child.isDirectory() || /\.tsx?$/.test(child.name))
    .flatMap((child) => filesBelow(`${entry}/${child.name}`));
}
