/**
 * A walk over many rows: pages by key, each with its position stored. A run that is killed or has no time left is continued
 * by the next one. Memory stays flat, since only the position and the counts are kept.
 */

import { z } from "zod";
import { log } from "@/lib/core/observability";
import { type TimeBudget, timeBudget } from "@/lib/core/time-budget";
import type { Gateway } from "@/lib/database";

const LOG_EVERY_PAGES = 100;

export interface Walk<Position extends object, Totals extends object> {
  job: string;
  part: string;
  /** A walk begins this long after the start of the last one; without it, at once. */
  everySeconds?: number | undefined;
  /** The stored forms. A walk of an older version, with other forms, begins again. */
  position: z.ZodType<Position>;
  totals: z.ZodType<Totals>;
  /** The totals of a walk without a page. */
  none: Totals;
}

export interface PageResult<Position, Totals> {
  /** null at the end. */
  next: Position | null;
  /** The counts of the walk, this page included. */
  totals: Totals;
  /** The run ends here, since a limit is reached; the next run continues. */
  pause?: boolean;
}

export interface WalkResult<Totals> {
  /** The counts of the walk so far; of the last walk if no new one is due. */
  totals: Totals;
  /** The counts of the last complete walk; null: there was none. */
  last: Totals | null;
  complete: boolean;
}

/**
 * Runs pages until the walk or the time is over, at least one. Two concurrent runs may both read a page, so pages must be
 * repeatable; the run that stores its position first continues.
 * @param page reads the page after the position (null: the first one)
 */
export async function walk<Position extends object, Totals extends object>(
  gateway: Gateway,
  { job, part, everySeconds = 0, ...forms }: Walk<Position, Totals>,
  page: (position: Position | null, totals: Totals, begunAt: string) => Promise<PageResult<Position, Totals>>,
  budget: TimeBudget = timeBudget(),
): Promise<WalkResult<Totals>> {
  const begun = await gateway.beginWalk(job, part, everySeconds);
  const stored = forms.totals.safeParse(begun.last_totals);
  const last = stored.success ? stored.data : null;
  if (!begun.due) return { totals: last ?? forms.none, last, complete: true };

  let { position, totals } = readPosition(begun, forms);
  for (let { pages } = begun; ; pages += 1) {
    const result = await page(position, totals, begun.begun_at);
    ({ totals } = result);
    const { next } = result;
    const isStored = await gateway.storePosition({ job, part, walk: begun.walk, pages }, next, totals);
    const state = { job, part, pages: pages + 1, ...countsOf(totals) };
    if (!isStored) {
      log.info(state, "[Job] Another run continues this walk");
      return { totals, last, complete: false };
    }
    if (next === null) {
      log.info(state, "[Job] Walk complete");
      return { totals, last: totals, complete: true };
    }
    position = next;
    if (result.pause || budget.isOver()) {
      log.info(state, "[Job] The next run continues this walk");
      return { totals, last, complete: false };
    }
    if ((pages + 1) % LOG_EVERY_PAGES === 0) log.info(state, "[Job] Walk under way");
  }
}

function readPosition<Position extends object, Totals extends object>(
  begun: Awaited<ReturnType<Gateway["beginWalk"]>>,
  forms: Pick<Walk<Position, Totals>, "position" | "totals" | "none">,
): { position: Position | null; totals: Totals } {
  const position = forms.position.nullable().safeParse(begun.position);
  const totals = forms.totals.safeParse(begun.totals);
  if (begun.pages === 0 || !position.success || !totals.success) return { position: null, totals: forms.none };
  return { position: position.data, totals: totals.data };
}

/** The position of a walk over users by their ids. */
export const userPosition = z.object({ user: z.string() });

export function afterUser(user: string | null): z.infer<typeof userPosition> | null {
  return user === null ? null : { user };
}

/** For the log: numbers only. */
function countsOf(totals: object): object {
  return Object.fromEntries(Object.entries(totals).filter(([, value]) => typeof value === "number"));
}
