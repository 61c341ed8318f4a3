/** `npm run dev` and `npm run preview`: database, demo data and Next in one command. */
import type { ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import { EVERY_PART } from "@/lib/database/migrate";
import { ended, endGroup, spawnGroup } from "@/lib/local/process-group";
import { serveApp } from "@/lib/local/serve-app";
import { Shutdown } from "@/lib/local/shutdown";
import config from "@/tollgate.config";
import { buildOnce } from "./build";
import { loadSettings, ROOT, WORK_DIRECTORY } from "./project";

type Mode = "dev" | "preview";

const NEXT = path.join(ROOT, "node_modules", "next", "dist", "bin", "next");

/** Starts everything, prints the addresses, and runs until it is stopped or Next ends. */
export async function serve(mode: Mode): Promise<void> {
  const shutdown = new Shutdown();
  try {
    const settings = loadSettings({ development: mode === "dev" });
    const url = await serveApp(
      {
        config,
        settings,
        parts: EVERY_PART,
        seed: (env) => seed(env, shutdown),
        server: async (port) => ({
          argv: [NEXT, mode === "dev" ? "dev" : "start", "-H", "localhost", "-p", String(port)],
          env: await distDirectory(mode, settings.dataDirectory, shutdown),
        }),
      },
      shutdown,
    );
    for (const line of welcome(url, settings.usageApiKey ? "$USAGE_API_KEY" : "sandbox-usage-key")) console.log(line);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    await shutdown.exit(1);
  }
}

/** The page's address, the demo users, and the next commands to try. */
function welcome(url: string, usageKey: string): string[] {
  const consume = `curl ${url}/api/usage/consume -H "authorization: Bearer ${usageKey}" --json`;
  return [
    `Page:     ${url}/billing`,
    "Sign in:  as demo, or as admin (no password: this machine only)",
    `Try next: ${consume} '{"userId":"demo","field":"words_used","amount":500}'`,
  ];
}

/** In its own process, which closes its connections by ending. */
async function seed(env: NodeJS.ProcessEnv, shutdown: Shutdown): Promise<void> {
  if (!existsSync(path.join(ROOT, "scripts", "demo.ts"))) return;
  const argv = ["--import", "tsx", path.join(ROOT, "scripts", "seed.ts")];
  const child = spawnGroup(argv, { ...env, LOG_LEVEL: process.env.LOG_LEVEL || "warn" });
  killOnExit(child, shutdown);
  if ((await ended(child)) !== 0) throw new Error("The demo data could not be loaded.");
}

async function distDirectory(mode: Mode, dataDirectory: string, shutdown: Shutdown): Promise<NodeJS.ProcessEnv> {
  if (mode === "preview") {
    const building = buildOnce(process.env, (child) => killOnExit(child, shutdown));
    return { TOLLGATE_DIST_DIR: await shutdown.step(building), NODE_ENV: "production" };
  }
  // Next locks its distDir in development, so each data directory except the default needs its own.
  if (dataDirectory === WORK_DIRECTORY) return { NODE_ENV: "development" };
  const name = createHash("sha256").update(dataDirectory).digest("hex").slice(0, 12);
  return {
    TOLLGATE_DIST_DIR: path.relative(ROOT, path.join(WORK_DIRECTORY, "next", name)),
    NODE_ENV: "development",
  };
}

function killOnExit(child: ChildProcess, shutdown: Shutdown): void {
  shutdown.add(() => (child.pid && child.exitCode === null ? endGroup(child.pid, { graceMs: 0 }) : undefined));
}
