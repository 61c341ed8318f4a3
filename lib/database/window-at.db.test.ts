import fc from "fast-check";
import { expect, test } from "vitest";
import { addMonths, type WindowRule, windowAt } from "@/lib/billing/timeline/calendar";
import { testDatabase } from "@/tests/support/database";

const database = testDatabase();
const anyInstant = fc.integer({ min: Date.parse("2022-01-01Z"), max: Date.parse("2034-01-01Z") });
const iso = (at: number) => new Date(at).toISOString();

const anyRule: fc.Arbitrary<WindowRule> = fc.oneof(
  anyInstant.map((anchor) => ({ cadence: "daily" as const, anchor, periodEnd: null })),
  anyInstant.map((anchor) => ({ cadence: "monthly" as const, anchor, periodEnd: null })),
  anyInstant.map((anchor) => ({ cadence: "monthly" as const, anchor, periodEnd: addMonths(anchor, 12) })),
  anyInstant.map((anchor) => ({ cadence: "billing_period" as const, anchor, periodEnd: addMonths(anchor, 1) })),
);

test("Postgres and the fold compute the same windows", async () => {
  const cases = fc.sample(fc.tuple(anyRule, anyInstant), 3_000);
  const { rows } = await database.pool().query(
    `select instant_text(w.window_start) as start, instant_text(w.window_end) as end, instant_text(w.counts_until) as until
     from unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[]) with ordinality
       as c (cadence, anchor, period_end, at, nr)
     cross join lateral window_at(c.cadence, c.anchor, c.period_end, c.at) w
     order by c.nr`,
    [
      cases.map(([{ cadence }]) => cadence),
      cases.map(([{ anchor }]) => iso(anchor)),
      cases.map(([{ periodEnd }]) => (periodEnd === null ? null : iso(periodEnd))),
      cases.map(([, at]) => iso(at)),
    ],
  );
  for (const [index, [rule, at]] of cases.entries()) {
    const { start, end } = windowAt(rule, at);
    const until = rule.periodEnd === null || end < rule.periodEnd ? iso(end) : null;
    expect({ rule, at, ...rows[index] }).toEqual({ rule, at, start: iso(start), end: iso(end), until });
  }
});
