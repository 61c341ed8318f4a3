/** Builds the package: one module per file, so that an app's bundler keeps only what the app uses. */
import { globSync } from "node:fs";
import path from "node:path";
import { defineConfig } from "tsdown";

const entries = globSync("lib/entries/*.ts").map((file) => [path.basename(file, ".ts"), file]);

export default defineConfig({
  entry: { ...Object.fromEntries(entries), "cli/main": "lib/cli/main.ts" },
  outDir: "dist/package/dist",
  tsconfig: "tsconfig.package.json",
  format: "esm",
  platform: "node",
  target: "node22",
  unbundle: true,
  dts: true,
  fixedExtension: false,
  logLevel: "error",
});
