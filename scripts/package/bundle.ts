/** Builds modules and types from the package's entries: one module per file, so that an app's bundler keeps what it uses. */
import { execFileSync } from "node:child_process";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { rolldown } from "rolldown";
import { ROOT } from "../project";

const LIB = path.join(ROOT, "lib");
const CONFIG = path.join(ROOT, "tsconfig.package.json");
const COMMAND = path.join(LIB, "cli/main.ts");

/** @throws Error if a module or a type cannot be resolved */
export async function bundle(target: string): Promise<void> {
  const entries = globSync("entries/*.ts", { cwd: LIB, exclude: (file) => file.includes(".test.") });
  const build = await rolldown({
    input: [...entries.map((file) => path.join(LIB, file)), COMMAND],
    platform: "node",
    tsconfig: CONFIG,
    external: (id) => !id.startsWith(".") && !id.startsWith("@/") && !path.isAbsolute(id),
    // Directives stay, since each file stays a module of its own.
    checks: { moduleLevelDirective: false },
    logLevel: "warn",
  });
  await build.write({ dir: target, format: "esm", preserveModules: true, preserveModulesRoot: LIB });
  await build.close();
  writeTypes(target);
}

function writeTypes(target: string): void {
  const tsc = path.join(ROOT, "node_modules/.bin/tsc");
  execFileSync(tsc, ["-p", CONFIG, "--rootDir", LIB, "--outDir", target], { cwd: ROOT, stdio: "inherit" });
  for (const file of globSync("**/*.d.ts", { cwd: target })) {
    const declared = path.join(target, file);
    writeFileSync(declared, withRelativePaths(readFileSync(declared, "utf8"), file));
  }
}

/**
 * The declarations with `@/lib/…` and paths without an ending as Node resolves them.
 * @param file the path of the declarations below the target
 */
export function withRelativePaths(declarations: string, file: string, isFolder = isFolderOfLib): string {
  return declarations.replace(
    /((?:from|import)\s*\(?\s*")((?:@\/lib|\.{1,2})(?:\/[^"]*)?)(")/g,
    (_, before, name, after) => {
      const absolute = name.startsWith("@/lib/")
        ? name.slice("@/lib/".length)
        : path.posix.join(path.posix.dirname(file), name);
      const module = isFolder(absolute) ? `${absolute}/index.js` : `${absolute}.js`;
      const relative = path.posix.relative(path.posix.dirname(file), module);
      return `${before}${relative.startsWith(".") ? relative : `./${relative}`}${after}`;
    },
  );
}

function isFolderOfLib(module: string): boolean {
  return globSync(`${module}/index.{ts,tsx}`, { cwd: LIB }).length > 0;
}
