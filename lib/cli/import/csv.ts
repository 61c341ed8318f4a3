/** Reads the CSV files of `tollgate import`: a header line, commas, quotes as in RFC 4180. */
import { z } from "zod";
import { identifier } from "@/lib/core/text";
import { WrongUse } from "../context";

/** The rows by the names of the header. @throws WrongUse with the line, if the file is no CSV or lacks a column */
export function readCsv<T>(text: string, file: string, row: z.ZodType<T>): T[] {
  const [header, ...lines] = rowsOf(text.replace(/^\uFEFF/, ""));
  if (header === undefined) throw new WrongUse(`${file} is empty.`);
  const names = header.map((name) => name.trim());
  return lines.map((cells, index) => {
    const fields = Object.fromEntries(names.map((name, at) => [name, cells[at]?.trim() ?? ""]));
    const parsed = row.safeParse(fields);
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new WrongUse(`${file}, row ${index + 2}: ${issue?.path.join(".") ?? ""}: ${issue?.message}`);
  });
}

/** Cells by line; empty lines are left out. */
function rowsOf(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const end = () => {
    if (row.some((cell) => cell.trim() !== "")) rows.push(row);
    row = [];
  };
  for (const [, quoted, plain, separator] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    row.push(quoted === undefined ? (plain ?? "") : quoted.replaceAll('""', '"'));
    if (separator !== ",") end();
  }
  end();
  return rows;
}

/** A customer or a subscription of the processor, and its user. */
export const mapRow = z.object({ id: identifier(), user_id: identifier() });

export const usageRow = z.object({
  user_id: identifier(),
  field: identifier(),
  used: z
    .string()
    .regex(/^\d{1,15}$/, "is a whole number from 0 on")
    .transform(Number),
});
export type UsageRow = z.output<typeof usageRow>;
