/** `tollgate dev`: the app with an embedded Postgres and the fake processors, without any account or key. */
import { createRequire } from "node:module";
import path from "node:path";
import nextEnv from "@next/env";
import { provideConfig } from "@/lib/config/current-catalog";
import { readEnv } from "@/lib/core/env";
import { serveApp } from "@/lib/local/serve-app";
import { Shutdown } from "@/lib/local/shutdown";
import { WrongUse } from "../context";
import { loadConfig } from "../settings";
import type { Terminal } from "../terminal";

/**
 * Runs until it is stopped or Next ends.
 * @param argv further arguments for `next dev`
 * @throws WrongUse if the app has no config or no Next
 */
export async function dev(directory: string, argv: readonly string[], terminal: Terminal): Promise<never> {
  nextEnv.loadEnvConfig(directory, true, { info: () => {}, error: console.error });
  const config = await loadConfig(directory);
  provideConfig(config);
  const env = readEnv(process.env);
  const settings = { ...env, dataDirectory: path.resolve(directory, env.dataDirectory) };
  const next = findNext(directory);
  const shutdown = new Shutdown();
  try {
    const server = async (port: number) => ({
      argv: [next, "dev", "-H", "localhost", "-p", String(port), ...argv],
      env: { NODE_ENV: "development" as const },
    });
    const url = await serveApp({ config, settings, parts: { sandbox: true }, server }, shutdown);
    const { pricing, billing } = config.paths;
    terminal.write(`Plans:    ${url}${pricing}`);
    terminal.write(`Billing:  ${url}${billing}`);
    terminal.write("The sandbox is on: no money moves. Sign in as admin to see the admin pages.");
  } catch (error) {
    terminal.note(error instanceof Error ? error.message : String(error));
    await shutdown.exit(1);
  }
  // Next's end, or a signal, ends this process.
  return new Promise<never>(() => {});
}

function findNext(directory: string): string {
  try {
    return createRequire(path.join(directory, "package.json")).resolve("next/dist/bin/next");
  } catch {
    throw new WrongUse(`Next.js is not installed in ${directory}.`);
  }
}
