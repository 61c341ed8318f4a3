import { defineConfig } from "vitest/config";

/** What `npm run mutate` asks: the billing domain's unit tests, without a database. */
export default defineConfig({
  resolve: { alias: [{ find: /^@\//, replacement: `${import.meta.dirname}/` }] },
  test: {
    name: "unit",
    env: { LOG_LEVEL: "fatal", TOLLGATE_SANDBOX: "1", STRIPE_WEBHOOK_SECRET: "whsec_test" },
    include: ["lib/billing/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/*.db.test.ts", ...(process.env.MUTATE_QUOTA === "0" ? ["**/quota.test.ts"] : [])],
  },
});
