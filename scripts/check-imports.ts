/** Fails if an import crosses a layer, or SQL stands outside lib/database and supabase. */
import "./preflight";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { IMPORT_RULES } from "./import-rules";
import { ROOT } from "./project";

const CHECKED = ["app", "lib", "proxy.ts", "instrumentation.ts"];

/** Statements in code only: English sentences also contain "select" and "update". */
const SQL = /["'`]\s*(select\s.+\sfrom\s|insert into\s|update\s\S+\sset\s|delete from\s|create (table|or replace)\s)/i;
const SQL_ALLOWED = /^lib\/database\/|\.db\.test\.ts$/;

function files(entry: string): string[] {
  const absolute = path.join(ROOT, entry);
  if (!existsSync(absolute)) return [];
  if (/\.tsx?$/.test(entry)) return [entry];
  return readdirSync(absolute, { withFileTypes: true })
    .filter((child) => child.isDirectory() || /\.tsx?$/.test(child.name))
    .flatMap((child) => files(`${entry}/${child.name}`));
}

/** A file's imports, at run time or also of types; our own files by their path in the project. */
function importsOf(file: string, { types }: { types: boolean }): string[] {
  const source = readFileSync(path.join(ROOT, file), "utf8");
  const statement = types
    ? /^\s*(?:import|export)\s+(?:[^;"'`]*?\sfrom\s+)?["']([^"']+)["']/gm
    : /^\s*(?:import|export)\s+(?!type\b)(?:[^;"'`]*?\sfrom\s+)?["']([^"']+)["']/gm;
  const statements = source.matchAll(statement);
  const calls = source.matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)/g);
  // A comment may show how a file is imported.
  return [...statements, ...calls].map(([, name = ""]) => resolve(file, name)).filter((target) => target !== file);
}

function resolve(from: string, name: string): string {
  const base = name.startsWith("@/")
    ? name.slice(2)
    : name.startsWith(".")
      ? path.join(path.dirname(from), name)
      : null;
  if (base === null) return name;
  const candidates = [base, ...["ts", "tsx"].flatMap((end) => [`${base}.${end}`, `${base}/index.${end}`])];
  return candidates.find((each) => /\.\w+$/.test(each) && existsSync(path.join(ROOT, each))) ?? base;
}

function hasIndex(target: string): boolean {
  const [, folder = ""] = target.split("/");
  return all.includes(`lib/${folder}/index.ts`);
}

const all = CHECKED.flatMap(files);
const graph = new Map(all.map((file) => [file, importsOf(file, { types: false })]));
const typedGraph = new Map(all.map((file) => [file, importsOf(file, { types: true })]));

/** Every chain of imports from a file to each file it reaches, shortest first. */
function reached(from: string): string[][] {
  const chains = [[from]];
  const seen = new Set([from]);
  for (const chain of chains)
    for (const next of graph.get(chain.at(-1) ?? "") ?? [])
      if (!seen.has(next)) {
        seen.add(next);
        chains.push([...chain, next]);
      }
  return chains.slice(1);
}

/** One cycle for each group of files that reach each other. */
function cyclesOf(imports: ReadonlyMap<string, string[]>): string[][] {
  const done = new Set<string>();
  const cycles: string[][] = [];
  function follow(file: string, trail: string[]): void {
    const start = trail.indexOf(file);
    if (start >= 0) cycles.push([...trail.slice(start), file]);
    if (start >= 0 || done.has(file)) return;
    for (const next of imports.get(file) ?? []) if (imports.has(next)) follow(next, [...trail, file]);
    done.add(file);
  }
  for (const file of imports.keys()) follow(file, []);
  return cycles;
}

function isForBrowser(file: string): boolean {
  return readFileSync(path.join(ROOT, file), "utf8").startsWith('"use client"');
}

const problems: string[] = [];
for (const rule of IMPORT_RULES)
  for (const file of all.filter((each) => rule.from.test(each) && (!rule.inBrowser || isForBrowser(each)))) {
    const direct = (rule.types ? typedGraph : graph).get(file) ?? [];
    const chains = rule.transitive ? reached(file) : direct.map((target) => [file, target]);
    for (const chain of chains) {
      const target = chain.at(-1) ?? "";
      if (rule.whereIndexed && !hasIndex(target)) continue;
      if (rule.mayNot.test(target) && !rule.except?.test(target))
        problems.push(`${chain.join(" → ")}\n  ${rule.name}: ${rule.why}`);
    }
  }
for (const cycle of cyclesOf(typedGraph))
  problems.push(`${cycle.join(" → ")}\n  no-cycles: these files import each other`);
for (const file of all.filter((each) => !SQL_ALLOWED.test(each)))
  readFileSync(path.join(ROOT, file), "utf8")
    .split("\n")
    .forEach((line, index) => {
      if (SQL.test(line)) problems.push(`${file}:${index + 1}\n  sql: SQL belongs in lib/database and supabase only`);
    });

for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
