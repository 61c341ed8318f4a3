/** `npm run mutate`: finds changes of the billing rules that no unit test notices. docs/mutation.md explains the survivors. */

/** A shorter search for free quota, since it runs once for most of the changes. */
process.env.QUOTA_RUNS ??= "1500";
process.env.QUOTA_DEPTH ??= "2";

const rules = [
  "timeline/fact-order",
  "timeline/plan-items",
  "timeline/subscription-history",
  "timeline/history-types",
  "timeline/paid-plans",
  "timeline/presumptions",
  "timeline/scheduled-changes",
  "timeline/transition-rules",
  "timeline/entitlement-periods",
  "timeline/window-transitions",
  "timeline/build-timeline",
  "timeline/calendar",
  "usage-at",
];
const stripe = ["normalize", "items", "snapshot", "payment", "before", "note"];
const paddle = ["items", "snapshot", "charge", "payment"];

export default {
  mutate: [
    "lib/processors/signature.ts",
    ...rules.map((name) => `lib/billing/${name}.ts`),
    ...stripe.map((name) => `lib/processors/stripe/${name}.ts`),
    ...paddle.map((name) => `lib/processors/paddle/${name}.ts`),
  ],
  testRunner: "vitest",
  vitest: { configFile: "vitest.mutate.config.ts", related: false },
  coverageAnalysis: "perTest",
  ignoreStatic: true,
  concurrency: 2,
  timeoutMS: 5_000,
  ignorePatterns: [".next", ".tollgate", "e2e", "test-results", "supabase", "public"],
  tempDirName: ".tollgate/mutate",
  reporters: ["progress-append-only", "clear-text", "json"],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: ".tollgate/mutation.json" },
  thresholds: { high: 95, low: 90, break: 90 },
  // No such file: the runner's TypeScript is older than ours, and another check covers the types.
  tsconfigFile: "tsconfig.mutate.json",
};
