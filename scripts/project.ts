/** Paths of the project, and the settings of a command. */
import path from "node:path";
import nextEnv from "@next/env";
import { type Env, readEnv } from "@/lib/core/env";

export const ROOT = path.join(import.meta.dirname, "..");

/** Output of the commands inside the project: builds, and by default the data. Ignored by git. */
export const WORK_DIRECTORY = path.join(ROOT, ".tollgate");

/** Loads `.env` files as Next does and parses the variables. An invalid variable ends the command with its name. */
export function loadSettings({ development = false } = {}): Env & { dataDirectory: string } {
  nextEnv.loadEnvConfig(ROOT, development, { info: () => {}, error: console.error });
  try {
    const env = readEnv(process.env);
    return { ...env, dataDirectory: path.resolve(ROOT, env.dataDirectory) };
  } catch (error) {
    return fail(error);
  }
}

/** Ends the command with a message, without a stack. */
export function fail(error: unknown): never {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
