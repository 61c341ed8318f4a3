/** Where things are, and how a command reads its settings. */
import path from "node:path";
import nextEnv from "@next/env";
import { type Env, readEnv } from "@/lib/env";

export const ROOT = path.join(import.meta.dirname, "..");

/** What the commands leave inside the project: builds, and the data by default. Ignored by git. */
export const WORK_DIRECTORY = path.join(ROOT, ".tollgate");

/**
 * Loads `.env` files as Next does and parses the variables. A variable that cannot be read ends the command with its
 * name.
 */
export function loadSettings({ development = false } = {}): Env & { dataDirectory: string } {
  nextEnv.loadEnvConfig(ROOT, development, { info: () => {}, error: console.error });
  try {
    const env = readEnv(process.env);
    return { ...env, dataDirectory: path.resolve(ROOT, env.dataDirectory) };
  } catch (error) {
    return fail(error);
  }
}

/** Ends the command with a message for a person, without a stack. */
export function fail(error: unknown): never {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

/** Whether the database is on this machine, so that demo data and a reset can do no harm elsewhere. */
export function isLoopback(url: string): boolean {
  return ["localhost", "127.0.0.1", "[::1]", ""].includes(new URL(url).hostname);
}
