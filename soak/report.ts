/** Prints the run's numbers and the check's findings. */
import { printTable } from "@/bench/table";
import type { ClientLog } from "./client-log";
import type { Finding } from "./finding";
import type { Installation } from "./installation";

const SHOWN = 10;

/** Returns whether there were no violations. */
export function report(
  clientLog: ClientLog,
  faults: ReadonlyMap<string, number>,
  { front, back }: Installation,
  findings: readonly Finding[],
): boolean {
  table("Faults", faults);
  table("Connections cut at the worst moment, between app and Postgres", back.cuts);
  table("… and between clients and app", front.cuts);
  table("Answers", clientLog.answers);
  printTable(
    "After it",
    ["check", "looked at", "violations"],
    findings.map(({ what, checked, violations }) => [what, String(checked), String(violations.length)]),
  );
  for (const { what, violations } of findings.filter((each) => each.violations.length > 0)) {
    console.log(`\n${what}:`);
    for (const violation of violations.slice(0, SHOWN)) console.log(`  ${violation}`);
    if (violations.length > SHOWN) console.log(`  … and ${violations.length - SHOWN} more`);
  }
  return findings.every(({ violations }) => violations.length === 0);
}

function table(title: string, counts: ReadonlyMap<string, number>): void {
  const rows = [...counts].sort(([one], [other]) => one.localeCompare(other));
  const all = rows.reduce((sum, [, count]) => sum + count, 0);
  printTable(
    title,
    ["", "times"],
    [...rows, ["in all", all] as const].map(([name, count]) => [name, String(count)]),
  );
  console.log();
}
