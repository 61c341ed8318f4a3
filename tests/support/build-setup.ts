/** Vitest's global set-up of the HTTP tests: a Postgres as for the database tests, and the production build. */
import "@/scripts/provide-catalog";
import type { TestProject } from "vitest/node";
import { buildOnce } from "@/scripts/build";
import startPostgres from "./postgres-setup";

declare module "vitest" {
  interface ProvidedContext {
    /** The build, relative to the project; shared with `npm run preview`. */
    distDir: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  project.provide("distDir", await buildOnce({ ...process.env, NODE_ENV: "production" }, () => {}));
  return startPostgres(project);
}
