/**
 * The account of the embedded Postgres. Postgres refuses to run as root, so root runs it under another account. That
 * account must be able to reach the binaries and the data.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";

/** A system account by number; `{}` means the caller's own. */
export interface Account {
  uid?: number;
  gid?: number;
}

export const isRoot = (): boolean => process.getuid?.() === 0;

/**
 * The account that runs the server of `directory`: the caller's own. For root it is the owner of an existing data
 * directory, else `postgres`, else `nobody`. Throws if another account owns the data.
 */
export function serverAccount(directory: string): Account {
  const owner = statSync(directory, { throwIfNoEntry: false });
  if (!isRoot()) {
    if (owner && process.getuid && owner.uid !== process.getuid())
      throw new Error(
        `${directory} belongs to another user (uid ${owner.uid}), who started Tollgate here before. ` +
          "Run as that user, or set TOLLGATE_DATA_DIR to a directory of your own.",
      );
    return {};
  }
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const account = systemAccount("postgres") ?? systemAccount("nobody");
  if (!account) throw new Error("Postgres does not run as root, and there is no account postgres or nobody to run it.");
  return account;
}

/** Whether the account may execute a program, or enter a directory. Always true for the caller's own account. */
export function mayExecute(account: Account, target: string): boolean {
  if (account.uid === undefined) return true;
  return spawnSync("/bin/sh", ["-c", 'test -x "$0"', target], { ...account, cwd: "/" }).status === 0;
}

function systemAccount(name: string): Account | undefined {
  const fields = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((line) => line.startsWith(`${name}:`))
    ?.split(":");
  return fields && { uid: Number(fields[2]), gid: Number(fields[3]) };
}
