/** `npm start`: production. It first refuses a configuration that cannot work. */
import "./preflight";
import "./provide-catalog";
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { exitIfMisconfigured } from "@/lib/server/start-problems";
import { loadSettings, ROOT } from "./project";

loadSettings();
// Next sets NODE_ENV itself, but only after this.
exitIfMisconfigured({ ...process.env, NODE_ENV: "production" });

const next = createRequire(import.meta.url).resolve("next/dist/bin/next");
const server = spawn(process.execPath, [next, "start", ...process.argv.slice(2)], { cwd: ROOT, stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => server.kill(signal));
server.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
