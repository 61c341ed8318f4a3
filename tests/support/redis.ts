/** A real Redis of a test's own, that can be killed and started again on its data. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "@/lib/local/free-port";

/** Whether `redis-server` can be started here; tests that need it are skipped otherwise. */
export const redisInstalled = spawnSync("redis-server", ["--version"]).error === undefined;
if (!redisInstalled) console.log("redis-server is not installed: tests of the cache on a real Redis are skipped");

export interface TestRedis {
  url: string;
  /** kill -9, as a crash would. */
  kill(): Promise<void>;
  /** On the same port and data. */
  start(): Promise<void>;
  end(): Promise<void>;
}

export async function testRedis(): Promise<TestRedis> {
  const port = await freePort("127.0.0.1");
  const directory = mkdtempSync(path.join(os.tmpdir(), "tollgate-redis-"));
  let server: ChildProcess | undefined;

  async function start(): Promise<void> {
    // Every write goes to its file, so that a restart restores the stored data.
    const argv = ["--port", `${port}`, "--bind", "127.0.0.1", "--dir", directory, "--save", ""];
    server = spawn("redis-server", [...argv, "--appendonly", "yes", "--appendfsync", "always"], { stdio: "ignore" });
    for (let attempt = 0; attempt < 2_400; attempt += 1) {
      const ping = spawnSync("redis-cli", ["-p", `${port}`, "ping"], { encoding: "utf8" });
      if (ping.stdout?.trim() === "PONG") return;
      await sleep(50);
    }
    throw new Error("redis-server did not start");
  }

  async function kill(): Promise<void> {
    const killed = server;
    if (killed === undefined) return;
    server = undefined;
    const gone = new Promise((resolve) => killed.once("exit", resolve));
    killed.kill("SIGKILL");
    await gone;
  }

  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    kill,
    start,
    async end() {
      await kill();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
