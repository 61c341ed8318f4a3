import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { isJobName, JOBS } from "./schedule";

interface Cron {
  path: string;
  schedule: string;
}

const { crons } = JSON.parse(readFileSync(path.join(import.meta.dirname, "..", "..", "vercel.json"), "utf8")) as {
  crons: Cron[];
};

/** The seconds between two runs, for the forms of cron lines that vercel.json uses. */
function period(schedule: string): number {
  const [minute = "", hour = "", ...rest] = schedule.split(" ");
  expect(rest).toEqual(["*", "*", "*"]);
  if (minute === "*") return 60;
  const step = /^\*\/(\d+)$/.exec(minute)?.[1];
  if (step) return Number(step) * 60;
  expect(minute).toMatch(/^[0-5]?\d$/);
  return hour === "*" ? 3_600 : 86_400;
}

test("the host's cron calls each job as often as the scheduler", () => {
  const called = crons.map(({ path: route, schedule }) => [route, period(schedule)]);
  const wanted = Object.entries(JOBS).map(([name, { everySeconds }]) => [`/api/cron/${name}`, everySeconds]);
  expect(new Map(called as [string, number][])).toEqual(new Map(wanted as [string, number][]));
  expect(called).toHaveLength(wanted.length);
});

test("the pg_cron lines call the same jobs at the same times", () => {
  const page = readFileSync(path.join(import.meta.dirname, "..", "..", "docs", "jobs.md"), "utf8");
  const lines = [...page.matchAll(/^ {2}\('(\w+)', '([^']+)'\)/gm)].map(([, job, schedule]) => ({
    path: `/api/cron/${job}`,
    schedule,
  }));
  expect(lines).toEqual(crons);
});

test("the name of an Object property is not a job", () => {
  expect(["retry", "toString", "__proto__", ""].map(isJobName)).toEqual([true, false, false, false]);
});
