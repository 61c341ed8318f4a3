/** `npm run preview` as a process of its own, for the browser tests and the benchmark. */
import { spawn } from "node:child_process";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { priceVariable } from "@/lib/config/catalog";
import { sellable } from "@/lib/config/current-catalog";
import { VARIABLE_NAMES } from "@/lib/core/env";

const ROOT = path.join(import.meta.dirname, "..", "..");

/** For a shutdown on a busy machine; then it is killed. */
const STOP_MS = 30_000;

export interface Preview {
  stop(): Promise<void>;
}

interface StartingPreview extends Preview {
  /** Resolves when it has answered; rejects with its output if it does not. */
  started: Promise<void>;
}

interface PreviewOptions {
  port: string;
  directory: string;
  variables?: Readonly<Record<string, string>>;
  /** Hides its errors once it has started. */
  quiet?: boolean;
}

/** Starts it on a data directory and waits until it has answered; throws with its output if it does not. */
export async function startPreview(options: PreviewOptions): Promise<Preview> {
  const preview = spawnPreview(options);
  await preview.started;
  return preview;
}

/** Starts it and returns at once, for callers that may stop it during its start. */
export function spawnPreview({ port, directory, variables = {}, quiet = false }: PreviewOptions): StartingPreview {
  const preview = spawn(process.execPath, ["--import", "tsx", path.join(ROOT, "scripts", "preview.ts")], {
    cwd: ROOT,
    env: { ...process.env, ...unset(), PORT: port, TOLLGATE_DATA_DIR: directory, ...variables },
    stdio: ["ignore", "pipe", quiet ? "pipe" : "inherit"],
    // Its own group: a ctrl-C in the terminal comes to the tests first, whose teardown ends it.
    detached: true,
  });
  let output = "";
  const read = (chunk: Buffer) => {
    output += chunk;
  };
  const streams = [preview.stdout, preview.stderr].filter((stream) => stream !== null);
  for (const stream of streams) stream.on("data", read);
  const isRunning = () => preview.exitCode === null && preview.signalCode === null;

  const stop = async () => {
    preview.kill("SIGTERM");
    const deadline = Date.now() + STOP_MS;
    while (isRunning()) {
      // Next ends when its parent is gone.
      if (Date.now() > deadline) preview.kill("SIGKILL");
      await sleep(50);
    }
  };
  const untilAnswered = async () => {
    const deadline = Date.now() + 900_000;
    // Its last line: by then the build is made and the server has answered.
    while (!output.includes("Try next:")) {
      if (!isRunning() || Date.now() > deadline) {
        await stop();
        throw new Error(`The preview did not start:\n${output}`);
      }
      await sleep(100);
    }
    // The log goes on; it is read and discarded.
    for (const stream of streams) stream.off("data", read).resume();
  };
  return { started: untilAnswered(), stop };
}

/** Empty rather than missing, or a developer's .env would fill them in and the tests would use their accounts. */
export function unset(): Record<string, string> {
  const prices = sellable().flatMap((price) => [priceVariable("stripe", price), priceVariable("paddle", price)]);
  return Object.fromEntries([...VARIABLE_NAMES, ...prices].map((name) => [name, ""]));
}
