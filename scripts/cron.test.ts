import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { isDue } from "./cron.mjs";

const at = (text: string) => new Date(`2026-11-20T${text}Z`); // a Friday

test.each([
  ["* * * * *", "04:41", true],
  ["41 4 * * *", "04:41", true],
  ["41 4 * * *", "04:42", false],
  ["*/5 * * * *", "04:40", true],
  ["*/5 * * * *", "04:41", false],
  ["0,30 9-17 * * *", "17:30", true],
  ["0,30 9-17 * * *", "18:30", false],
  ["10/20 * * * *", "04:50", true],
  ["0 0 20 11 5", "00:00", true],
  ["0 0 * * 1-4", "00:00", false],
])("%s at %s: %s", (schedule, time, due) => expect(isDue(schedule, at(time))).toBe(due));

test("an unreadable schedule is an error, not a job that never runs", () => {
  for (const schedule of ["* * * *", "@daily", "x * * * *", "MON * * * *"])
    expect(() => isDue(schedule, at("00:00"))).toThrow(schedule);
});

test("every schedule of vercel.json is readable", () => {
  const { crons } = JSON.parse(readFileSync("vercel.json", "utf8")) as { crons: { schedule: string }[] };
  expect(crons.length).toBeGreaterThan(5);
  for (const { schedule } of crons) expect(() => isDue(schedule, at("00:00"))).not.toThrow();
});

test("the process writes the file for the health check", async () => {
  const pulse = path.join(mkdtempSync(path.join(os.tmpdir(), "tollgate-cron-")), "pulse");
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "cron.mjs")], {
    env: { ...process.env, CRON_SECRET: "x", CRON_TARGET: "http://127.0.0.1:1", CRON_PULSE: pulse },
  });
  await expect.poll(() => existsSync(pulse)).toBe(true);
  child.kill();
  rmSync(path.dirname(pulse), { recursive: true });
});

test("the process reports missing settings and exits", async () => {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, "cron.mjs")], {
    env: { ...process.env, CRON_SECRET: "", CRON_TARGET: "" },
  });
  let output = "";
  child.stderr.on("data", (chunk: Buffer) => (output += chunk));
  expect(await new Promise((resolve) => child.on("exit", resolve))).toBe(1);
  expect(output).toContain("Set CRON_SECRET, and CRON_TARGET");
});
