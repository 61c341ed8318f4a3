import path from "node:path";
import type { NextConfig } from "next";

const root = import.meta.dirname;

/** The build folder of `npm run dev` and `npm run preview`, which may run side by side; unset for a production build. */
const distDir = process.env.TOLLGATE_DIST_DIR;
if (distDir && !path.resolve(root, distDir).startsWith(root + path.sep))
  throw new Error(`TOLLGATE_DIST_DIR must lie inside ${root}.`);

/** On every response, also for paths that proxy.ts does not match. */
const SECURITY_HEADERS = {
  // Browsers obey it over https only.
  "strict-transport-security": "max-age=63072000; includeSubDomains",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "strict-origin-when-cross-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=(), browsing-topics=()",
  "cross-origin-opener-policy": "same-origin-allow-popups",
};

/** Responses other than pages load nothing and cannot be framed; proxy.ts sets the policy of pages. */
const NO_PAGE = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

const asList = (headers: Record<string, string>) => Object.entries(headers).map(([key, value]) => ({ key, value }));

const config: NextConfig = {
  ...(distDir && {
    distDir,
    // Next rewrites tsconfig.json for each distDir, but leaves one alone that extends another.
    typescript: { tsconfigPath: "tsconfig.sandbox.json", ignoreBuildErrors: true },
  }),
  ...(process.env.TOLLGATE_STANDALONE === "1" && { output: "standalone" as const }),
  headers: async () => [
    { source: "/:path*", headers: asList(SECURITY_HEADERS) },
    { source: "/api/:path*", headers: asList({ "content-security-policy": NO_PAGE }) },
    { source: "/_next/static/:path*", headers: asList({ "content-security-policy": NO_PAGE }) },
    { source: "/icon.svg", headers: asList({ "content-security-policy": NO_PAGE }) },
  ],
  poweredByHeader: false,
  typedRoutes: true,
  images: { unoptimized: true },
  agentRules: false,
  experimental: { agentUpgrade: false },
  outputFileTracingRoot: root,
  turbopack: { root },
};

export default config;
