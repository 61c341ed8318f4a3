/** The manifest of the package that npm publishes. The one of this repository also has what the reference app needs. */
import { readdirSync } from "node:fs";
import path from "node:path";
import { z } from "zod";

const repository = z.object({
  version: z.string(),
  description: z.string(),
  license: z.string(),
  dependencies: z.record(z.string(), z.string()),
});

/** The app has these: the package must use the app's copy. */
const PEERS: Readonly<Record<string, string>> = { next: ">=16", react: ">=19", "react-dom": ">=19" };

/** Entries that bundles for browsers or the edge may have: Next resolves those of the edge as for browsers. */
const FOR_BROWSERS = new Set(["client", "index", "ui", "instrumentation", "proxy"]);

/** The names of the entries: `index` is `tollgate`, each other one `tollgate/<name>`. */
export function entryNames(root: string): string[] {
  return readdirSync(path.join(root, "lib/entries"))
    .filter((file) => /^[\w-]+\.ts$/.test(file))
    .map((file) => path.basename(file, ".ts"))
    .sort();
}

/**
 * @param source the repository's `package.json`
 * @throws ZodError if a field is missing
 */
export function manifestOf(source: unknown, entries: readonly string[]): Record<string, unknown> {
  const { version, description, license, dependencies } = repository.parse(source);
  const own = Object.entries(dependencies).filter(([name]) => !Object.hasOwn(PEERS, name));
  return {
    name: "tollgate",
    version,
    description,
    license,
    type: "module",
    engines: { node: ">=22" },
    sideEffects: ["*.css"],
    bin: { tollgate: "./bin/tollgate.mjs" },
    files: ["bin", "dist", "supabase"],
    exports: {
      ...Object.fromEntries(
        entries.map((name) => [
          name === "index" ? "." : `./${name}`,
          {
            types: `./dist/entries/${name}.d.ts`,
            // A bundle for the browser that imports it does not build.
            ...(FOR_BROWSERS.has(name) ? {} : { browser: null }),
            default: `./dist/entries/${name}.js`,
          },
        ]),
      ),
      "./styles.css": "./dist/styles.css",
      "./package.json": "./package.json",
    },
    dependencies: Object.fromEntries(own),
    peerDependencies: PEERS,
  };
}
