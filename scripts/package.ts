/** `npm run package`: builds what npm publishes into `dist/package`, and checks it. */
import "./preflight";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { bundle } from "./package/bundle";
import { entryNames, manifestOf } from "./package/manifest";
import { packageProblems } from "./package/problems";
import { buildStyles } from "./package/styles";
import { fail, ROOT } from "./project";

const TARGET = path.join(ROOT, "dist", "package");

/** Loads TypeScript configs, then runs the command. */
const BIN = `#!/usr/bin/env node
import { register } from "tsx/esm/api";

register();
await import("../dist/cli/main.js");
`;

rmSync(TARGET, { recursive: true, force: true });
await bundle(path.join(TARGET, "dist"));
mkdirSync(path.join(TARGET, "bin"));
writeFileSync(path.join(TARGET, "bin/tollgate.mjs"), BIN, { mode: 0o755 });
// Started by Node itself, so no module imports it.
cpSync(path.join(ROOT, "lib/local/parent-watch.mjs"), path.join(TARGET, "dist/local/parent-watch.mjs"));
for (const folder of ["migrations", "parts/sandbox", "prelude.sql"])
  cpSync(path.join(ROOT, "supabase", folder), path.join(TARGET, "supabase", folder), { recursive: true });
for (const file of ["LICENSE", "README.md"]) cpSync(path.join(ROOT, file), path.join(TARGET, file));
await buildStyles(path.join(TARGET, "dist/styles.css"));
const source: unknown = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));
writeFileSync(path.join(TARGET, "package.json"), `${JSON.stringify(manifestOf(source, entryNames(ROOT)), null, 2)}\n`);

const packed = JSON.parse(
  execFileSync("npm", ["pack", "--json", "--pack-destination", path.dirname(TARGET)], {
    cwd: TARGET,
    encoding: "utf8",
  }),
) as { filename: string; size: number; files: { path: string }[] }[];
const [tarball] = packed;
if (tarball === undefined) fail("npm packed nothing.");
const file = path.join(path.dirname(TARGET), tarball.filename);
const problems = await packageProblems(
  TARGET,
  file,
  tarball.files.map((each) => each.path),
);
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
console.log(`${file}: ${tarball.files.length} files, ${Math.round(tarball.size / 1024)} kB.`);
