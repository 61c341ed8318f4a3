import path from "node:path";
import type { NextConfig } from "next";

const root = import.meta.dirname;

/** Where `npm run dev` and `npm run preview` build when they run beside each other; unset for a production build. */
const distDir = process.env.TOLLGATE_DIST_DIR;
if (distDir && !path.resolve(root, distDir).startsWith(root + path.sep))
  throw new Error(`TOLLGATE_DIST_DIR must lie inside ${root}.`);

const config: NextConfig = {
  ...(distDir && {
    distDir,
    // Next rewrites tsconfig.json for each distDir, but leaves one alone that extends another.
    typescript: { tsconfigPath: "tsconfig.sandbox.json", ignoreBuildErrors: true },
  }),
  ...(process.env.TOLLGATE_STANDALONE === "1" && { output: "standalone" as const }),
  poweredByHeader: false,
  typedRoutes: true,
  images: { unoptimized: true },
  agentRules: false,
  experimental: { agentUpgrade: false },
  outputFileTracingRoot: root,
  turbopack: { root },
};

export default config;
