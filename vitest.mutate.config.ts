import { defineConfig } from "vitest/config";

/**
 * What `npm run mutate` asks: the billing domain's unit tests. The two searches over many histories would be asked
 * again for nearly every change; MUTATE_SEARCHES=1 asks them as well (for a few lines: `--mutate <file>:<from>-<to>`).
 */
const searches =
  process.env.MUTATE_SEARCHES === "1"
    ? []
    : ["lib/billing/timeline/quota.test.ts", "lib/billing/timeline/convergence.test.ts"];

export default defineConfig({
  resolve: { alias: [{ find: /^@\//, replacement: `${import.meta.dirname}/` }] },
  test: {
    name: "unit",
    // No test depends on the machine's speed; the runner has its own limit for a change that never ends.
    testTimeout: 600_000,
    env: { LOG_LEVEL: "fatal", TOLLGATE_SANDBOX: "1", STRIPE_WEBHOOK_SECRET: "whsec_test" },
    include: ["lib/{billing,processors}/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/*.db.test.ts", ...searches],
    setupFiles: ["./tests/support/mutate-setup.ts"],
    // The changes are switched on in a module that stays loaded; a worker for each file would take most of the time.
    isolate: false,
  },
});
