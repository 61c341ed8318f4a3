/** Playwright's global set-up: the preview on a fresh database, ended and removed when the tests are done. */
import "@/scripts/provide-catalog";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { startPreview } from "./preview";

/** With it the page `/checkout/paddle` loads Paddle.js, which its test answers itself. */
const VARIABLES = { PADDLE_CLIENT_TOKEN: "test_0123456789abcdef0123456789a" };

export default async function setup(): Promise<() => Promise<void>> {
  const directory = mkdtempSync(path.join(os.tmpdir(), "tollgate-e2e-"));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  try {
    const preview = await startPreview({ port: process.env.E2E_PORT ?? "", directory, variables: VARIABLES });
    return async () => {
      await preview.stop();
      remove();
    };
  } catch (error) {
    remove();
    throw error;
  }
}
