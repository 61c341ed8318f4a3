/** Builds the package from its entries: one module per file, so that a bundler keeps only what an app uses. */
import { defineConfig } from "tsdown";

export default defineConfig({
  entry: ["lib/entries/*.ts"],
  outDir: "dist/package/dist",
  format: "esm",
  platform: "node",
  target: "node20",
  unbundle: true,
  dts: true,
  tsconfig: "tsconfig.package.json",
  hash: false,
  fixedExtension: false,
});
