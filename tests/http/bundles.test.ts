/** The compressed size of the scripts and styles of a page's first visit: reported, and limited. */
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { appServer, SANDBOX } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";
import { PAGES } from "./routes";

const database = testDatabase();
const app = appServer(() => ({
  ...SANDBOX,
  DATABASE_URL: database.url,
}));

/** The scripts of React and Next are most of it; the billing page has a menu besides. */
const MOST_KB = 165;
const MORE_KB: Readonly<Record<string, number>> = { "/billing": 210 };

test("no page loads more than its limit", async () => {
  const signIn = await app.send("/api/auth/local", { method: "POST", body: { userId: "visitor" } });
  const cookie = String(signIn.cookies[0]).split(";")[0] ?? "";
  const sizes = new Map<string, number>();
  const sizeOf = async (file: string) => {
    const known = sizes.get(file) ?? gzipSync((await app.send(file)).text).length / 1024;
    sizes.set(file, known);
    return known;
  };
  const rows: { page: string; files: number; kilobytes: number }[] = [];
  for (const page of Object.keys(PAGES).filter((path) => !path.includes("["))) {
    const { status, text } = await app.send(page, { headers: { cookie } });
    if (status !== 200) continue;
    // Scripts for browsers without modules are not counted.
    const modern = text.replaceAll(/<script[^>]+noModule[^>]*>/gi, "");
    const files = [...modern.matchAll(/(?:<script[^>]+src|<link[^>]+href)="(\/_next\/static\/[^"]+\.(?:js|css))"/g)];
    const unique = new Set(files.map(([, file = ""]) => file));
    let kilobytes = 0;
    for (const file of unique) kilobytes += await sizeOf(file);
    rows.push({ page, files: unique.size, kilobytes: Math.round(kilobytes) });
  }
  console.table(rows.sort((a, b) => b.kilobytes - a.kilobytes));
  expect(rows.length).toBeGreaterThan(5);
  for (const { page, kilobytes } of rows) {
    expect(kilobytes, page).toBeGreaterThan(20);
    expect(kilobytes, page).toBeLessThan(MORE_KB[page] ?? MOST_KB);
  }
});
