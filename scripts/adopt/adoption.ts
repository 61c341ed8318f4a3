/** One adoption: the commands that an adopter types, the files that they write, and what they measured. */
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "@/lib/local/free-port";
import { configFile, NOTES_ROUTE } from "./app-files";
import type { Variant } from "./variants";

/** The limits of `package.md`. The time is shown and not limited: machines differ. */
const MOST = { commands: 5, files: 6, lines: 100 };
const CREATE_NEXT_APP = "create-next-app@16.4.3";
const START_MS = 240_000;

export class Adoption {
  private readonly commands: string[] = [];
  private readonly files = new Map<string, number>();
  private readonly startedAt = Date.now();
  private seconds = 0;

  constructor(
    private readonly directory: string,
    private readonly variant: Variant,
    private readonly tarball: string,
  ) {}

  /** The app as its owner has it: no part of the adoption. */
  createApp(): void {
    const { source, packages } = this.variant;
    const options = ["--yes", "--ts", "--app", "--no-tailwind", "--no-eslint", "--disable-git", "--use-npm"];
    const parent = path.dirname(this.directory);
    const folder = source === "src" ? "--src-dir" : "--no-src-dir";
    run(parent, ["npx", "--yes", CREATE_NEXT_APP, path.basename(this.directory), folder, ...options]);
    this.withoutFonts();
    if (packages.length > 0) run(this.directory, ["npm", "install", ...packages]);
  }

  addTollgate(): void {
    const { source } = this.variant;
    this.type(["npm", "install", this.tarball]);
    const { created } = JSON.parse(this.type(["npx", "tollgate", "init", "--yes", "--json"])) as {
      created: string[];
    };
    this.write("tollgate.config.ts", configFile(this.variant.name));
    this.write(path.join(source, "app/api/notes/route.ts"), NOTES_ROUTE);
    for (const file of created) this.count(file);
  }

  /** With strict types, which \`create-next-app\` sets. */
  build(): void {
    const env = { ...this.variant.env, NODE_OPTIONS: "" };
    run(this.directory, [path.join(this.directory, "node_modules/.bin/next"), "build"], env);
  }

  /** Starts the app as an adopter does, and stops it after the work. */
  async serve(work: (url: string) => Promise<void>): Promise<void> {
    const port = await freePort();
    const url = `http://localhost:${port}`;
    this.commands.push("npm run tollgate");
    const child = spawn("npm", ["run", "tollgate"], {
      cwd: this.directory,
      env: { ...environment(), PORT: String(port) },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
    try {
      await untilHealthy(url, () => child.exitCode !== null);
      await work(url);
    } catch (error) {
      console.error(output.slice(-4_000));
      throw error;
    } finally {
      const ended = new Promise((resolve) => child.on("exit", resolve));
      child.kill("SIGTERM");
      await ended;
    }
  }

  problems(): string[] {
    this.seconds = Math.round((Date.now() - this.startedAt) / 1_000);
    const found = { commands: this.commands.length, files: this.files.size, lines: this.lines() };
    return (Object.keys(MOST) as (keyof typeof MOST)[])
      .filter((each) => found[each] > MOST[each])
      .map((each) => `${this.variant.name}: ${found[each]} ${each}, more than ${MOST[each]}`);
  }

  summary(): string {
    const { name } = this.variant;
    return `adopt ${name}: ${this.commands.length} commands, ${this.files.size} files, ${this.lines()} lines, ${this.seconds} s`;
  }

  private lines(): number {
    return [...this.files.values()].reduce((sum, each) => sum + each, 0);
  }

  private type(command: string[]): string {
    this.commands.push(command.join(" "));
    return run(this.directory, command);
  }

  private write(file: string, content: string): void {
    const target = path.join(this.directory, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, content);
    this.count(file);
  }

  private count(file: string): void {
    this.files.set(
      path.normalize(file),
      readFileSync(path.join(this.directory, file), "utf8").trimEnd().split("\n").length,
    );
  }

  /** The template's fonts come from another site, and checks have no network but the registry. */
  private withoutFonts(): void {
    const layout = path.join(this.directory, this.variant.source, "app/layout.tsx");
    cpSync(layout, path.join(this.directory, "layout.before.txt"));
    const text = readFileSync(layout, "utf8");
    writeFileSync(
      layout,
      text
        .replace(/import \{[^}]*\} from "next\/font\/google";\n/, "")
        .replace(/const geist\w+ = Geist\w*\(\{[^}]*\}\);\n/gi, "")
        .replace(/ className=\{`[^`]*`\}/g, ""),
    );
  }
}

/** This process's environment without the tools of this repository, as a terminal of the adopter has it. */
function environment(): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const name of Object.keys(env)) if (/^(npm_|NODE_|VITEST|TOLLGATE_|INIT_CWD)/.test(name)) delete env[name];
  const paths = (env.PATH ?? "").split(path.delimiter).filter((each) => !each.includes("node_modules"));
  return { ...env, PATH: paths.join(path.delimiter), NEXT_TELEMETRY_DISABLED: "1" };
}

function run(
  cwd: string,
  [command = "", ...argv]: readonly string[],
  env: Readonly<Record<string, string>> = {},
): string {
  return execFileSync(command, argv, {
    cwd,
    env: { ...environment(), ...env },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
    maxBuffer: 2 ** 26,
  });
}

async function untilHealthy(url: string, hasEnded: () => boolean): Promise<void> {
  for (const deadline = Date.now() + START_MS; Date.now() < deadline && !hasEnded(); await sleep(500)) {
    const response = await fetch(`${url}/api/tollgate/health`).catch(() => null);
    if (response?.ok) return;
  }
  throw new Error("The adopter's app did not start.");
}
