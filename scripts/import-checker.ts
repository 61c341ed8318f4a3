/** Finds imports that cross a layer, import cycles, and SQL outside lib/database and supabase. */
import path from "node:path";
import type { ImportRule } from "./import-rules";

/** Product code only, and statements only: English sentences also contain "select" and "update". */
const SQL = /["'`]\s*(select\s.+\sfrom\s|insert into\s|update\s\S+\sset\s|delete from\s|create (table|or replace)\s)/i;
const SQL_ALLOWED = /^(?!app\/|lib\/)|^lib\/database\/|\.db\.test\.ts$/;

/** The files that each file imports, by path. */
type Graph = ReadonlyMap<string, string[]>;

export interface CheckedSources {
  /** Text by path in the project. */
  sources: ReadonlyMap<string, string>;
  /** Whether the project has this file; an import may name a file that is not checked. */
  exists: (file: string) => boolean;
  rules: readonly ImportRule[];
}

/** One text per problem; none if all is well. */
export function importProblems({ sources, exists, rules }: CheckedSources): string[] {
  const graph = graphOf(sources, exists, { types: false });
  const typedGraph = graphOf(sources, exists, { types: true });
  return [
    ...rules.flatMap((rule) => brokenImports(rule, rule.types ? typedGraph : graph, sources)),
    ...cyclesOf(typedGraph).map((cycle) => `${cycle.join(" → ")}\n  no-cycles: these files import each other`),
    ...[...sources].flatMap(([file, text]) => misplacedSql(file, text)),
  ];
}

function graphOf(
  sources: CheckedSources["sources"],
  exists: CheckedSources["exists"],
  options: { types: boolean },
): Graph {
  return new Map([...sources].map(([file, text]) => [file, importsOf(file, text, exists, options)]));
}

/** A file's imports, at run time or also of types; our own files by their path in the project. */
function importsOf(
  file: string,
  source: string,
  exists: CheckedSources["exists"],
  { types }: { types: boolean },
): string[] {
  const statement = types
    ? /^\s*(?:import|export)\s+(?:[^;"'`]*?\sfrom\s+)?["']([^"']+)["']/gm
    : /^\s*(?:import|export)\s+(?!type\b)(?:[^;"'`]*?\sfrom\s+)?["']([^"']+)["']/gm;
  const statements = source.matchAll(statement);
  const calls = source.matchAll(/\bimport\(\s*["']([^"']+)["']\s*\)/g);
  // A comment may show how a file is imported.
  return [...statements, ...calls]
    .map(([, name = ""]) => resolve(file, name, exists))
    .filter((target) => target !== file);
}

function resolve(from: string, name: string, exists: CheckedSources["exists"]): string {
  const base = pathOf(from, name);
  if (base === null) return name;
  const candidates = [base, ...["ts", "tsx"].flatMap((end) => [`${base}.${end}`, `${base}/index.${end}`])];
  return candidates.find((each) => /\.\w+$/.test(each) && exists(each)) ?? base;
}

/** The path that an import names, without its ending; null for another package. */
function pathOf(from: string, name: string): string | null {
  if (name.startsWith("@/")) return name.slice(2);
  if (name.startsWith(".")) return path.join(path.dirname(from), name);
  const entry = /^tollgate(?:\/(?<name>.+))?$/.exec(name);
  return entry && `lib/entries/${entry.groups?.name ?? "index"}`;
}

function brokenImports(rule: ImportRule, graph: Graph, sources: CheckedSources["sources"]): string[] {
  const isForBrowser = (file: string) => sources.get(file)?.startsWith('"use client"') ?? false;
  const isForbidden = (target: string) => rule.mayNot.test(target) && !rule.except?.test(target);
  return [...graph.keys()]
    .filter((file) => rule.from.test(file) && (!rule.inBrowser || isForBrowser(file)))
    .flatMap((file) =>
      rule.transitive ? chainsFrom(file, graph) : (graph.get(file) ?? []).map((target) => [file, target]),
    )
    .filter((chain) => isForbidden(chain.at(-1) ?? ""))
    .map((chain) => `${chain.join(" → ")}\n  ${rule.name}: ${rule.why}`);
}

/** One chain of imports from a file to each file that it reaches, shortest first. */
function chainsFrom(from: string, graph: Graph): string[][] {
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
function cyclesOf(graph: Graph): string[][] {
  const done = new Set<string>();
  const cycles: string[][] = [];
  function follow(file: string, chain: string[]): void {
    const start = chain.indexOf(file);
    if (start >= 0) cycles.push([...chain.slice(start), file]);
    if (start >= 0 || done.has(file)) return;
    for (const next of graph.get(file) ?? []) if (graph.has(next)) follow(next, [...chain, file]);
    done.add(file);
  }
  for (const file of graph.keys()) follow(file, []);
  return cycles;
}

function misplacedSql(file: string, text: string): string[] {
  if (SQL_ALLOWED.test(file)) return [];
  return text
    .split("\n")
    .flatMap((line, index) =>
      SQL.test(line) ? [`${file}:${index + 1}\n  sql: SQL belongs in lib/database and supabase only`] : [],
    );
}
