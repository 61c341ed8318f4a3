/**
 * `npm run scale` fills a database with users and ledger rows, and measures whether latencies grow with them. One embedded
 * Postgres with `synchronous_commit = on` has this database and an empty one. The production build runs on each.
 *
 *   npm run scale                                        200,000 users, 20 million ledger rows
 *   npm run scale -- --users 20000 --rows 2000000        smaller
 *   npm run scale -- --window-rows 1000000               rows of one user in the current window; by default a quarter
 *   SCALE_ROUNDS=3 SCALE_MS=1500 SCALE_MINUTES=90        rounds, their length, and the time after which it gives up
 */
import "@/scripts/preflight";
import "./quiet-log";
import "@/scripts/provide-catalog";
import os from "node:os";
import { parseArgs } from "node:util";
import { fail } from "@/scripts/project";
import type { Rounds } from "./load";
import { type Run, runParts } from "./run";
import { gateRates, webhookRates } from "./scale/beside-empty";
import { reads, upgrades } from "./scale/big-window";
import { holdJobs, measureJobs } from "./scale/jobs";
import { type Sizes, seed } from "./scale/seed";
import { withConnection, withServer } from "./server";
import { type Figure, printFigures } from "./targets";

const ROUNDS: Rounds = {
  rounds: Number(process.env.SCALE_ROUNDS ?? 3),
  milliseconds: Number(process.env.SCALE_MS ?? 1_500),
};
/** For slow machines; the build and the seed are included. */
const MINUTES = Number(process.env.SCALE_MINUTES ?? 60);
/** Each renewal that is measured needs a user. */
const LEAST = 5_000;
/** The seed writes gigabytes; Postgres' defaults would write most of them twice. */
const SETTINGS = { shared_buffers: "512MB", max_wal_size: "4GB", checkpoint_timeout: "30min" };

function sizesOf(): Sizes {
  const { values } = parseArgs({
    options: {
      users: { type: "string", default: "200000" },
      rows: { type: "string", default: "20000000" },
      "window-rows": { type: "string" },
    },
  });
  const [users, rows] = [Number(values.users), Number(values.rows)];
  const windowRows = Number(values["window-rows"] ?? Math.floor(rows / 4));
  const whole = [users, rows, windowRows].every((size) => Number.isInteger(size) && size >= LEAST);
  if (!whole || windowRows > rows) return fail(`Sizes are whole numbers from ${LEAST}; window-rows is at most rows.`);
  return { users, rows, windowRows };
}

async function scale(run: Run, sizes: Sizes, figures: Figure[]): Promise<void> {
  const add = (...more: Figure[]) => figures.push(...more);
  await withServer(
    run,
    async ({ createDatabase, startApp }) => {
      const urls = { seeded: await createDatabase("seeded"), empty: await createDatabase("empty") };
      const begun = performance.now();
      const report = (line: string) =>
        console.log(`${((performance.now() - begun) / 1000).toFixed(0).padStart(5)} s  ${line}`);
      const subscriptions = await run.step(seed(urls.seeded, sizes, report));
      for (const url of [urls.seeded, urls.empty]) await withConnection(url, holdJobs);
      const empty = await startApp(urls.empty);
      const seeded = await startApp(urls.seeded);
      report("the apps have started\n");

      const parts: (() => Promise<unknown>)[] = [
        async () => add(...(await upgrades(seeded, subscriptions, ROUNDS))),
        async () => add(...(await reads(seeded, ROUNDS))),
        async () => add(await gateRates(urls, sizes.users, ROUNDS)),
        async () => add(await webhookRates({ seeded, empty }, sizes.users, ROUNDS)),
        async () => add(...(await measureJobs(run, urls))),
      ];
      const errors: unknown[] = [];
      for (const part of parts) await run.step(part().catch((error: unknown) => errors.push(error)));
      if (errors.length > 0) throw new AggregateError(errors, "Parts failed.");
    },
    SETTINGS,
  );
}

const sizes = sizesOf();
console.log(`Node ${process.version}, ${os.availableParallelism()} cores, ${os.cpus()[0]?.model ?? "unknown"}`);
console.log(
  `${sizes.users.toLocaleString("en-US")} users, ${sizes.rows.toLocaleString("en-US")} ledger rows, ${sizes.windowRows.toLocaleString("en-US")} of one user in the current window\n`,
);
const figures: Figure[] = [];
await runParts(
  [
    (run) => scale(run, sizes, figures),
    () => printFigures("targets: medians of the ratios within each round", figures),
  ],
  { minutes: MINUTES },
);
