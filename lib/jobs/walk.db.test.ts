/** Walks: pages in order, each row once, continued after a kill, ended by the time, safe with two runs. */
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { TimeBudget } from "@/lib/core/time-budget";
import { meteredDatabase } from "@/tests/support/metered";
import { type Walk, walk } from "./walk";

const { gateway, query } = meteredDatabase();

const ENOUGH: TimeBudget = { isOver: () => false };
const OVER: TimeBudget = { isOver: () => true };
const ROWS = 10;
const PAGE = 3;

const counts = z.object({ seen: z.number() });
let walks = 0;
function spec(everySeconds?: number): Walk<{ after: number }, { seen: number }> {
  walks += 1;
  return {
    job: "test",
    part: `part ${walks}`,
    everySeconds,
    position: z.object({ after: z.number() }),
    totals: counts,
    none: { seen: 0 },
  };
}

/** Pages of three numbers up to ten. */
function numbers(read: number[], fail: { atPage?: number; afterWork?: boolean } = {}) {
  let pages = 0;
  return async (position: { after: number } | null, { seen }: { seen: number }) => {
    pages += 1;
    if (pages === fail.atPage && !fail.afterWork) throw new Error("killed");
    const page = Array.from({ length: ROWS }, (_, index) => index + 1)
      .filter((number) => number > (position?.after ?? 0))
      .slice(0, PAGE);
    read.push(...page);
    if (pages === fail.atPage) throw new Error("killed");
    const last = page.at(-1) ?? 0;
    return { next: last < ROWS ? { after: last } : null, totals: { seen: seen + page.length } };
  };
}
const ALL = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const stored = async (part: string) =>
  (
    await query<{ position: unknown; totals: unknown; over: boolean; walk: number; pages: number }>(
      `select position, totals, finished_at is not null as over, walk::int, pages::int
       from job_positions where job = 'test' and part = $1`,
      [part],
    )
  )[0];

describe("a walk", () => {
  test("reads every row once, clears its position at the end, and begins again", async () => {
    const of = spec();
    for (const number of [1, 2]) {
      const read: number[] = [];
      const result = await walk(gateway, of, numbers(read), ENOUGH);
      expect(result).toEqual({ totals: { seen: ROWS }, last: { seen: ROWS }, complete: true });
      expect(read).toEqual(ALL);
      expect(await stored(of.part)).toEqual({
        position: null,
        totals: { seen: ROWS },
        over: true,
        walk: number,
        pages: 4,
      });
    }
  });

  test("that is killed before a page is continued there", async () => {
    const of = spec();
    const read: number[] = [];
    await expect(walk(gateway, of, numbers(read, { atPage: 3 }), ENOUGH)).rejects.toThrow("killed");
    expect(await stored(of.part)).toMatchObject({ position: { after: 6 }, totals: { seen: 6 }, over: false });
    expect(await walk(gateway, of, numbers(read), ENOUGH)).toMatchObject({ totals: { seen: ROWS }, complete: true });
    expect(read).toEqual(ALL);
    expect(await stored(of.part)).toMatchObject({ position: null, over: true });
  });

  test("that is killed after a page's work repeats that page and counts it once", async () => {
    const of = spec();
    const read: number[] = [];
    await expect(walk(gateway, of, numbers(read, { atPage: 2, afterWork: true }), ENOUGH)).rejects.toThrow("killed");
    expect(await walk(gateway, of, numbers(read), ENOUGH)).toMatchObject({ totals: { seen: ROWS } });
    expect(read).toEqual([1, 2, 3, 4, 5, 6, 4, 5, 6, 7, 8, 9, 10]);
  });

  test("ends a run after one page if its time is over, and the runs together read every row once", async () => {
    const of = spec();
    const read: number[] = [];
    for (const seen of [3, 6, 9])
      expect(await walk(gateway, of, numbers(read), OVER)).toEqual({ totals: { seen }, last: null, complete: false });
    expect(await walk(gateway, of, numbers(read), OVER)).toMatchObject({ complete: true });
    expect(read).toEqual(ALL);
  });

  test("ends a run at a page that asks for it", async () => {
    const of = spec();
    const read: number[] = [];
    const page = numbers(read);
    const pausing: typeof page = async (...args) => ({ ...(await page(...args)), pause: true });
    expect(await walk(gateway, of, pausing, ENOUGH)).toMatchObject({ totals: { seen: 3 }, complete: false });
  });

  test("that two runs share leaves out no row, and only one run counts a page", async () => {
    const of = spec();
    const read: number[] = [];
    const results = await Promise.all([1, 2, 3, 4].map(() => walk(gateway, of, numbers(read), ENOUGH)));
    expect(new Set(read)).toEqual(new Set(ALL));
    expect(results.filter(({ complete }) => complete).length).toBeGreaterThan(0);
    expect(await stored(of.part)).toMatchObject({ totals: { seen: ROWS }, over: true });
  });

  test("ends a run whose page another run has stored", async () => {
    const of = spec();
    const read: number[] = [];
    const page = numbers(read);
    let first = true;
    const overtaken: typeof page = async (...args) => {
      const result = await page(...args);
      if (first) {
        first = false;
        await walk(gateway, of, numbers([]), OVER);
      }
      return result;
    };
    expect(await walk(gateway, of, overtaken, ENOUGH)).toMatchObject({ totals: { seen: 3 }, complete: false });
    expect(read).toEqual([1, 2, 3]);
    expect(await stored(of.part)).toMatchObject({ position: { after: 3 }, totals: { seen: 3 }, pages: 1 });
  });

  test("begins at its interval only; until then its last counts stay", async () => {
    const of = spec(3_600);
    const read: number[] = [];
    expect(await walk(gateway, of, numbers(read), OVER)).toMatchObject({ complete: false });
    expect(await walk(gateway, of, numbers(read), ENOUGH)).toMatchObject({ complete: true });
    expect(await walk(gateway, of, numbers(read), ENOUGH)).toEqual({
      totals: { seen: ROWS },
      last: { seen: ROWS },
      complete: true,
    });
    expect(read).toEqual(ALL);
    await query("update job_positions set begun_at = now() - interval '1 hour' where part = $1", [of.part]);
    expect(await walk(gateway, of, numbers(read), OVER)).toEqual({
      totals: { seen: 3 },
      last: { seen: ROWS },
      complete: false,
    });
  });

  test("with the position of another version begins again", async () => {
    const of = spec();
    await walk(gateway, of, numbers([]), OVER);
    await query("update job_positions set position = '{\"other\": 1}' where part = $1", [of.part]);
    const read: number[] = [];
    expect(await walk(gateway, of, numbers(read), ENOUGH)).toMatchObject({ totals: { seen: ROWS }, complete: true });
    expect(read).toEqual(ALL);
  });
});
