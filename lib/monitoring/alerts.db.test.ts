/** The alert rules on a real response of `/api/metrics`, of a healthy deployment and with planted problems. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { DAY_MS } from "@/lib/billing/timeline/calendar";
import { meteredDatabase } from "@/tests/support/metered";
import { parseMetrics } from "@/tests/support/prometheus";
import { createScrape } from "./scrape";

const { gateway, query, subscribe } = meteredDatabase();
const scrape = createScrape(() => gateway, 0);
const RULES = path.join(import.meta.dirname, "..", "..", "ops", "alerts.yml");
const installed = spawnSync("promtool", ["--version"]).error === undefined;

/** The alerts that fire if the metrics have been unchanged for the last two hours. */
function firing(page: string): string[] {
  const now = Math.floor(Date.now() / 1_000);
  const series = parseMetrics(page).map(({ name, labels, value }) => ({
    series: `${name}{${Object.entries(labels)
      .map(([label, text]) => `${label}=${JSON.stringify(text)}`)
      .join(",")}}`,
    // promtool's clock begins at 0, so timestamps are shifted by the same amount.
    values: `${name.endsWith("_timestamp_seconds") ? value - now + 7_200 : value}x120`,
  }));
  const directory = mkdtempSync(path.join(os.tmpdir(), "tollgate-alerts-"));
  try {
    const file = path.join(directory, "page.yml");
    // promtool prints the alerts that differ from this empty expectation.
    const tests = [
      {
        interval: "1m",
        input_series: series,
        promql_expr_test: [
          { expr: 'sum by (alertname) (ALERTS{alertstate="firing"})', eval_time: "2h", exp_samples: [] },
        ],
      },
    ];
    writeFileSync(file, JSON.stringify({ rule_files: [RULES], evaluation_interval: "1m", tests }));
    const { stdout, stderr } = spawnSync("promtool", ["test", "rules", file], { encoding: "utf8" });
    const output = stdout + stderr;
    if (!/SUCCESS|FAILED/.test(output)) throw new Error(output);
    return [...new Set([...output.matchAll(/alertname="(\w+)"/g)].map(([, name = ""]) => name))].sort();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

test.skipIf(!installed)(
  "no alert fires on a healthy deployment; one fires for a dead event, an overdue renewal and a stale job",
  async () => {
    await subscribe("well", { plan: "silver" });
    await gateway.consume("well", "stamps_used", 100);
    expect(firing((await scrape()).text)).toEqual([]);

    await subscribe("overdue", { plan: "bronze", startsAt: Date.now() - 35 * DAY_MS });
    await query(
      `insert into webhook_events (processor, id, event_type, raw, outcome) values
       ('paddle', 'evt_dead', 'transaction.paid', '', 'dead'), ('stripe', 'evt_price', 'invoice.paid', '', 'quarantined')`,
    );
    await query(
      `insert into job_runs (job, started_by, started_at, lease_until, finished_at, result, error) values
       ('retry', 'cron', now() - interval '1 hour', now(), now() - interval '1 hour', '{}', null),
       ('retry', 'cron', now() - interval '1 minute', now(), now(), null, 'it failed'),
       ('reconcile', 'cron', now() - interval '1 hour', now(), now() - interval '1 hour', '{"usage": {"drifting": 2}}', null)`,
    );
    expect(firing((await scrape()).text)).toEqual([
      "DeadLetters",
      "JobStale",
      "QuarantinedEvents",
      "ReconcileDifferences",
      "RenewalsOverdue",
    ]);
  },
);
