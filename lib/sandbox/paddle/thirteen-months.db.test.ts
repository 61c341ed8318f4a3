import { expect, test } from "vitest";
import { addMonths, DAY_MS, HOUR_MS, MINUTE_MS } from "@/lib/billing/timeline/calendar";
import { paddlePayer } from "@/tests/support/paddle-payer";

const { sandbox, sdk, changeCard, database, gateway, payer, subscribe, mail, used } = paddlePayer();

test("13 months from January 31 have one reset per window, with a failed renewal and its recovery", async () => {
  await sandbox.moveClock(payer.id, { to: Date.UTC(2027, 0, 31, 12) });
  const { id } = await subscribe("silver");
  const anchor = Date.parse((await sdk().subscriptions.get(id)).currentBillingPeriod?.startsAt as string);
  for (let month = 1; month <= 13; month++) {
    const renewal = addMonths(anchor, month);
    await gateway.consume(payer.id, "stamps_used", 1_000 + month);
    if (month === 5) await changeCard(id, { card: "0341" });
    await sandbox.moveClock(payer.id, { to: renewal - 10 * MINUTE_MS });
    expect(await used(), `month ${month}`).toBe(1_000 + month);
    await sandbox.moveClock(payer.id, { to: renewal + 2 * HOUR_MS });
    expect(await used(), `after renewal ${month}`).toBe(0);
    const { periodStart, periodEnd, status } = await mail();
    expect([Date.parse(periodStart as string), Date.parse(periodEnd as string)]).toEqual([
      renewal,
      addMonths(anchor, month + 1),
    ]);
    expect(status).toBe(month === 5 ? "past_due" : "active");
    if (month !== 5) continue;
    await sandbox.moveClock(payer.id, { to: renewal + 4 * DAY_MS });
    await changeCard(id);
    expect(await mail()).toMatchObject({ status: "active" });
    expect(await used()).toBe(0);
  }
  const { rows } = await database.pool().query(
    `select window_start, count(*) filter (where transition_kind = 'reset')::int as resets
     from usage_windows where user_id = $1 and source <> 'free' group by window_start order by window_start`,
    [payer.id],
  );
  expect(rows.map(({ window_start }) => window_start.getTime())).toEqual(
    Array.from({ length: 14 }, (_, month) => addMonths(anchor, month)),
  );
  expect(rows.map(({ resets }) => resets)).toEqual(Array.from({ length: 14 }, () => 1));
  const decisions = await database
    .pool()
    .query(
      "select count(*)::int as resets from decisions where user_id = $1 and action = 'reset' and product = 'mail'",
      [payer.id],
    );
  expect(decisions.rows[0].resets).toBe(14);
});
