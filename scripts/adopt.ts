/**
 * `npm run adopt`: packs the package, makes an app with the real `create-next-app`, adds Tollgate by its commands, builds the
 * app, and uses it in a browser. It needs the npm registry. `npm run adopt -- src clerk` runs these variants only.
 */
import "./preflight";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Adoption } from "./adopt/adoption";
import { buyAndRenew } from "./adopt/journey";
import { VARIANTS, type Variant } from "./adopt/variants";
import { fail, ROOT } from "./project";

const chosen = process.argv.slice(2);
const variants = VARIANTS.filter(({ name }) => chosen.length === 0 || chosen.includes(name));
if (variants.length === 0) fail(`The variants are: ${VARIANTS.map(({ name }) => name).join(", ")}.`);

const npm = process.platform === "win32" ? "npm.cmd" : "npm";
const packed =
  execFileSync(npm, ["run", "-s", "package"], { cwd: ROOT, encoding: "utf8" }).trim().split("\n").at(-1) ?? "";
console.log(packed);
const [tarball = ""] = packed.split(": ");

for (const variant of variants) await adopt(variant);

async function adopt(variant: Variant): Promise<void> {
  // Outside this repository, so that nothing of it is found.
  const directory = mkdtempSync(path.join(os.tmpdir(), "tollgate-adopt-"));
  try {
    const adoption = new Adoption(path.join(directory, "app"), variant, tarball);
    adoption.createApp();
    adoption.addTollgate();
    adoption.build();
    if (variant.journey) await adoption.serve(buyAndRenew);
    const problems = adoption.problems();
    console.log(adoption.summary());
    if (problems.length > 0) fail(problems.join("\n"));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
