/** An invoice as a PDF of one page. It is written without a library, since nothing else here needs one. */

import { currentConfig } from "@/lib/config/current-catalog";
import { amountText } from "./event-builders/currency";

/** The content of an invoice; instants as ISO text, amounts in minor units. */
export interface InvoiceDocument {
  number: string | null;
  at: string;
  email: string | null;
  lines: readonly { description: string; amount: number; from: string; until: string }[];
  total: number;
  /** The discount on the lines, and the tax added to them or included in them. */
  discount?: number;
  tax?: number;
  /** The part that the customer's credit paid. */
  credit: number;
  due: number;
  status: string;
}

const SIZE = { width: 595, height: 842 };

/** The bytes of a PDF 1.4 file. */
export function invoicePdf(invoice: InvoiceDocument): Uint8Array<ArrayBuffer> {
  const text = [
    `Invoice ${invoice.number ?? ""}`,
    `${currentConfig().brand.name} (sandbox: no money moves)`,
    `Date: ${day(invoice.at)}`,
    `For: ${invoice.email ?? "-"}`,
    "",
    ...invoice.lines.flatMap((line) => [
      `${line.description}    ${amountText(line.amount)}`,
      `    ${day(line.from)} to ${day(line.until)}`,
    ]),
    "",
    ...(invoice.discount ? [`Discount: ${amountText(-invoice.discount)}`] : []),
    ...(invoice.tax ? [`Tax: ${amountText(invoice.tax)}`] : []),
    `Total: ${amountText(invoice.total)}`,
    ...(invoice.credit > 0 ? [`From your credit: ${amountText(-invoice.credit)}`] : []),
    `${invoice.status === "paid" ? "Paid" : "Due"}: ${amountText(invoice.due)}`,
  ];
  const shown = text.map((line, index) => `${index === 0 ? "/F1 18 Tf" : "/F1 10 Tf"} (${escaped(line)}) Tj T*`);
  const page = `BT 56 780 Td 18 TL ${shown.join("\n")} ET`;
  return file([
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${SIZE.width} ${SIZE.height}] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>`,
    `<< /Length ${page.length} >>\nstream\n${page}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
  ]);
}

/** The objects, and the table of their byte offsets. */
function file(objects: readonly string[]): Uint8Array<ArrayBuffer> {
  let body = "%PDF-1.4\n";
  const offsets = objects.map((object, index) => {
    const offset = body.length;
    body += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const entries = offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${entries}`;
  const trailer = `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${body.length}\n%%EOF\n`;
  return new Uint8Array(Buffer.from(body + table + trailer, "latin1"));
}

/** One byte per character of the font; other characters become a question mark. */
function escaped(text: string): string {
  return text.replace(/[^\x20-\x7e\xa0-\xff]/g, "?").replace(/[\\()]/g, (character) => `\\${character}`);
}

function day(iso: string): string {
  return new Date(iso).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
}
