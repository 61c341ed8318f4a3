/** What `tollgate init` finds out about an app. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { WrongUse } from "../context";

export type PackageManager = "npm" | "pnpm" | "yarn" | "bun";
export type SignIn = "clerk" | "supabase" | "better-auth" | "authjs" | null;

export interface Project {
  directory: string;
  /** The folder above `app`: "" or "src". */
  source: "" | "src";
  packageManager: PackageManager;
  signIn: SignIn;
}

const names = z.record(z.string(), z.string()).default({});
const manifest = z.object({ dependencies: names, devDependencies: names });

/** @throws WrongUse if the directory has no Next app with an App Router */
export function findProject(directory: string): Project {
  const { dependencies, devDependencies } = readManifest(directory);
  const all = { ...dependencies, ...devDependencies };
  if (!Object.hasOwn(all, "next"))
    throw new WrongUse(`${directory} has no Next.js app: package.json does not name next.`);
  const source = (["", "src"] as const).find((folder) => existsSync(path.join(directory, folder, "app")));
  if (source === undefined)
    throw new WrongUse("There is no folder app or src/app. Tollgate needs the App Router of Next.js.");
  return { directory, source, packageManager: packageManagerOf(directory), signIn: signInOf(all) };
}

function readManifest(directory: string) {
  const file = path.join(directory, "package.json");
  if (!existsSync(file))
    throw new WrongUse(`${directory} has no package.json. Run the command in the folder of your app.`);
  try {
    return manifest.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (error) {
    throw new WrongUse(`${file} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

const LOCK_FILES: readonly (readonly [string, PackageManager])[] = [
  ["pnpm-lock.yaml", "pnpm"],
  ["yarn.lock", "yarn"],
  ["bun.lock", "bun"],
  ["bun.lockb", "bun"],
];

function packageManagerOf(directory: string): PackageManager {
  return LOCK_FILES.find(([file]) => existsSync(path.join(directory, file)))?.[1] ?? "npm";
}

function signInOf(dependencies: Readonly<Record<string, string>>): SignIn {
  const has = (name: string) => Object.hasOwn(dependencies, name);
  if (has("@clerk/nextjs")) return "clerk";
  if (has("better-auth")) return "better-auth";
  if (has("next-auth")) return "authjs";
  return has("@supabase/ssr") || has("@supabase/supabase-js") ? "supabase" : null;
}
