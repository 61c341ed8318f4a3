import { defineConfig } from "vitest/config";

/**
 * The tests of `npm run mutate`: the unit tests of billing and processors. The two searches over many histories would run for
 * nearly every change. MUTATE_SEARCHES=1 includes them (for a few lines: `--mutate <file>:<from>-<to>`).
 */
const searches =
  process.env.MUTATE_SEARCHES === "1"
    ? []
    : ["lib/billing/timeline/quota.test.ts", "lib/billing/timeline/convergence.test.ts"];

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@\//, replacement: `${import.meta.dirname}/` },
      { find: /^tollgate$/, replacement: `${import.meta.dirname}/lib/entries/index.ts` },
    ],
  },
  test: {
    name: "unit",
    // No test depends on the machine's speed. The runner has its own limit for a change that never ends.
    testTimeout: 600_000,
    env: { LOG_LEVEL: "fatal", TOLLGATE_SANDBOX: "1", STRIPE_WEBHOOK_SECRET: "whsec_test" },
    include: ["lib/{billing,processors}/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/*.db.test.ts", ...searches],
    setupFiles: ["./tests/support/mutate-setup.ts", "./tests/support/provide-catalog.ts"],
    // The runner activates each change in a loaded module; a worker for each file would take most of the time.
    isolate: false,
  },
});
