import { defineConfig } from "vitest/config";

const resolve = {
  alias: [
    { find: /^tollgate\//, replacement: `${import.meta.dirname}/lib/entries/` },
    { find: /^@\//, replacement: `${import.meta.dirname}/` },
    { find: /^tollgate$/, replacement: `${import.meta.dirname}/lib/entries/index.ts` },
  ],
};
/** Commands of an operator and the fake processors use few calls, which other tests make over each transport. */
const SAME_OVER_EACH_TRANSPORT = process.env.TEST_TRANSPORT ? ["lib/cli/**", "lib/sandbox/{paddle,stripe}/**"] : [];
const exclude = ["**/node_modules/**", ".next/**", ".tollgate/**", "e2e/**"];

/** A test that hangs fails after minutes, so that none fails on a busy machine. */
const timeouts = {
  testTimeout: 900_000,
  hookTimeout: 900_000,
  teardownTimeout: 60_000,
  expect: { poll: { timeout: 120_000 } },
};

/** Deadlines of the product are generous, except in the tests of a deadline. Property tests repeat their inputs. */
const setupFiles = [
  "./tests/support/generous-deadlines.ts",
  "./tests/support/property-seed.ts",
  "./tests/support/provide-catalog.ts",
];

/** Expected errors of tests are not logged, so that their results stay readable. */
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
          setupFiles,
          ...timeouts,
        },
      },
      {
        resolve,
        test: {
          name: "database",
          env,
          include: ["**/*.db.test.ts"],
          exclude: [...exclude, ...SAME_OVER_EACH_TRANSPORT],
          globalSetup: "./tests/support/postgres-setup.ts",
          pool: "forks",
          maxWorkers: 2,
          setupFiles,
          ...timeouts,
        },
      },
      {
        resolve,
        test: {
          name: "conformance",
          env,
          include: ["tests/conformance/**/*.test.ts"],
          exclude,
          globalSetup: "./tests/support/postgres-setup.ts",
          pool: "forks",
          maxWorkers: 2,
          setupFiles,
          ...timeouts,
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
          setupFiles: "./scripts/provide-catalog.ts",
          pool: "forks",
          maxWorkers: 2,
          ...timeouts,
        },
      },
    ],
  },
});
