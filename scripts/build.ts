/** The production build of `npm run preview`: made if the sources changed, shared by all runs of the same sources. */
import type { ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { ended, spawnGroup } from "@/lib/local/process-group";
import { lock } from "@/lib/local/process-lock";
import { ROOT, WORK_DIRECTORY } from "./project";

const BUILDS = path.join(WORK_DIRECTORY, "builds");
const KEPT = 3;

/** All other files may be part of the build, so that no new folder is forgotten. */
const NOT_BUILT = new Set(
  "node_modules e2e tests docs scripts supabase bench soak ops coverage test-results playwright-report".split(" "),
);

/**
 * The distDir, relative to the project, of a build of the current sources. Each state of the sources has its own
 * distDir, so that a build does not remove the files of a running preview. Throws if the build fails.
 */
export async function buildOnce(env: NodeJS.ProcessEnv, onStart: (child: ChildProcess) => void): Promise<string> {
  const directory = path.join(BUILDS, sourceHash());
  const complete = path.join(directory, "complete");
  const distDir = path.relative(ROOT, directory);
  mkdirSync(BUILDS, { recursive: true });
  const building = await lock(path.join(BUILDS, "lock"), { timeoutMs: 600_000 });
  try {
    if (!existsSync(complete)) {
      await withNextEnvKept(async () => {
        const next = path.join(ROOT, "node_modules", "next", "dist", "bin", "next");
        const child = spawnGroup([next, "build"], { ...env, TOLLGATE_DIST_DIR: distDir, NEXT_TELEMETRY_DISABLED: "1" });
        onStart(child);
        if ((await ended(child)) !== 0) throw new Error("The build failed.");
      });
      writeFileSync(complete, "");
    }
    const now = new Date();
    utimesSync(complete, now, now);
    forgetOldBuilds();
    return distDir;
  } finally {
    building.release();
  }
}

function sourceHash(): string {
  const hash = createHash("sha256");
  // Next compiles these variables into the build.
  for (const [name, value] of Object.entries(process.env).sort())
    if (name.startsWith("NEXT_PUBLIC_")) hash.update(`${name}=${value}\0`);
  for (const file of sources(ROOT))
    hash
      .update(`${path.relative(ROOT, file)}\0`)
      .update(readFileSync(file))
      .update("\0");
  return hash.digest("hex").slice(0, 16);
}

function sources(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const file = path.join(directory, entry.name);
      if (entry.isDirectory())
        return entry.name.startsWith(".") || (directory === ROOT && NOT_BUILT.has(entry.name)) ? [] : sources(file);
      return isSource(entry.name) ? [file] : [];
    });
}

function isSource(name: string): boolean {
  if (name.startsWith(".env")) return name !== ".env.example";
  return !/^\.|\.test\.tsx?$|\.md$|\.tsbuildinfo$|^next-env\.d\.ts$|^(vitest|playwright)\.config/.test(name);
}

/** Next points next-env.d.ts at the distDir it builds, and an editor would lose its types with the next build. */
async function withNextEnvKept(work: () => Promise<void>): Promise<void> {
  const file = path.join(ROOT, "next-env.d.ts");
  const before = existsSync(file) ? readFileSync(file) : null;
  try {
    await work();
  } finally {
    if (before) writeFileSync(file, before);
    else rmSync(file, { force: true });
  }
}

function forgetOldBuilds(): void {
  const lastUse = (directory: string) =>
    statSync(path.join(directory, "complete"), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const builds = readdirSync(BUILDS, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(BUILDS, entry.name))
    .sort((a, b) => lastUse(b) - lastUse(a));
  for (const directory of builds.slice(KEPT)) rmSync(directory, { recursive: true, force: true });
}
