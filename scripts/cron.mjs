/**
 * Calls the jobs of vercel.json at their times, for hosts without a scheduler: `node cron.mjs` with CRON_SECRET and
 * CRON_TARGET, the app's address. CRON_PULSE names a file to write each minute. It is plain JavaScript without
 * dependencies, since the production image has neither TypeScript nor sources.
 * It stores nothing, since every job may run twice or not at all without harm. Times are UTC.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

const MINUTE = 60_000;

/**
 * Whether a schedule of five fields (numbers, lists, ranges, steps) is due in the minute of `at`.
 * @param {string} schedule
 * @param {Date} at
 */
export function isDue(schedule, at) {
  const now = [at.getUTCMinutes(), at.getUTCHours(), at.getUTCDate(), at.getUTCMonth() + 1, at.getUTCDay()];
  const fields = schedule.trim().split(/\s+/);
  if (fields.length !== now.length) throw new Error(`Not a schedule of five fields: ${schedule}`);
  return fields.every((field, index) => field.split(",").some((part) => matches(part, now[index] ?? 0, schedule)));
}

/**
 * @param {string} part
 * @param {number} value
 * @param {string} schedule
 */
function matches(part, value, schedule) {
  const found = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part);
  if (!found) throw new Error(`Cannot read ${part} in ${schedule}`);
  const [, from, to, step] = found;
  if (from === undefined) return value % Number(step ?? 1) === 0;
  const last = Number(to ?? (step === undefined ? from : Number.MAX_SAFE_INTEGER));
  return value >= Number(from) && value <= last && (value - Number(from)) % Number(step ?? 1) === 0;
}

async function run() {
  const { CRON_SECRET: secret, CRON_TARGET: target } = process.env;
  if (!secret || !target) throw new Error("Set CRON_SECRET, and CRON_TARGET to the app's address.");
  const beside = new URL("./vercel.json", import.meta.url);
  const file = existsSync(beside) ? beside : new URL("../vercel.json", import.meta.url);
  /** @type {{ crons: { path: string; schedule: string }[] }} */
  const { crons } = JSON.parse(readFileSync(file, "utf8"));
  for (const { schedule } of crons) isDue(schedule, new Date());
  console.log(`${crons.length} jobs at ${target}`);
  for (;;) {
    // A container's health check reads the file's age.
    if (process.env.CRON_PULSE) writeFileSync(process.env.CRON_PULSE, "");
    await sleep(MINUTE - (Date.now() % MINUTE));
    const at = new Date();
    for (const { path, schedule } of crons) if (isDue(schedule, at)) void call(new URL(path, target), secret);
  }
}

/**
 * @param {URL} url
 * @param {string} secret
 */
async function call(url, secret) {
  try {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${secret}` },
      signal: AbortSignal.timeout(5 * MINUTE),
    });
    const text = await response.text();
    if (!response.ok) console.error(`${url.pathname}: ${response.status} ${text.slice(0, 500)}`);
  } catch (error) {
    console.error(`${url.pathname}: ${error}`);
  }
}

if (import.meta.main ?? process.argv[1]?.endsWith("cron.mjs")) {
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(0));
  await run();
}
