/** Prints a Markdown table: the first column aligned left, numbers right. */
export function printTable(title: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => (row[column] ?? "").length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join(" | ")} |`;
  console.log(title);
  console.log(line(head));
  console.log(`| ${widths.map((width, column) => "-".repeat(width - 1) + (column === 0 ? "-" : ":")).join(" | ")} |`);
  for (const row of rows) console.log(line(row));
}
