import { defineConfig } from "vitest/config";

const resolve = { alias: [{ find: /^@\//, replacement: `${import.meta.dirname}/` }] };
const exclude = ["**/node_modules/**", ".next/**", ".tollgate/**", "e2e/**"];

/** The log of what a test does on purpose would bury its result. */
const env = {
  LOG_LEVEL: process.env.LOG_LEVEL ?? "fatal",
  TOLLGATE_SANDBOX: "1",
  STRIPE_WEBHOOK_SECRET: "whsec_test",
};

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        test: {
          name: "unit",
          env,
          include: ["{lib,app,scripts,tests/documents}/**/*.test.ts"],
          exclude: [...exclude, "**/*.db.test.ts"],
        },
      },
      {
        resolve,
        test: {
          name: "database",
          env,
          include: ["**/*.db.test.ts"],
          exclude,
          globalSetup: "./tests/support/postgres-setup.ts",
          pool: "forks",
          maxWorkers: 2,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve,
        test: {
          name: "http",
          env,
          include: ["tests/http/**/*.test.ts"],
          exclude,
          globalSetup: "./tests/support/build-setup.ts",
          pool: "forks",
          maxWorkers: 2,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
