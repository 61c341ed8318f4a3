/** `tollgate init`: writes the files of Tollgate into a Next.js app. It never changes an existing file of code. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { EXIT, type ExitCode, WrongUse } from "../context";
import type { Terminal } from "../terminal";
import { developmentPackages, installCommand } from "./development-packages";
import { instrumentationFile, type PlannedFile, plannedFiles } from "./files";
import { findProject, type Project } from "./project";

export interface InitOptions {
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
  /** Leaves the packages of the sandbox to the caller. */
  install?: boolean;
}

interface Plan {
  project: Project;
  created: PlannedFile[];
  /** Files that exist already and stay as they are. */
  existing: string[];
  packages: string[];
}

const SCRIPT = { name: "tollgate", value: "tollgate dev" };
const IGNORED = ".tollgate/";

/** @throws WrongUse if the directory has no Next app */
export async function init(directory: string, options: InitOptions, terminal: Terminal): Promise<ExitCode> {
  const plan = planOf(directory, options);
  if (options.json) terminal.write(JSON.stringify(summary(plan)));
  else for (const line of describe(plan)) terminal.write(line);
  if (options.dryRun) return EXIT.ok;
  if (!options.yes && !(await terminal.confirm("Write these files?"))) {
    if (!terminal.isTerminal) throw new WrongUse("A pipe cannot confirm the changes: use --yes.");
    return EXIT.ok;
  }
  apply(plan);
  if (plan.packages.length > 0) install(plan, terminal);
  if (!options.json) for (const line of nextSteps(plan)) terminal.write(line);
  return EXIT.ok;
}

function planOf(directory: string, { install: wanted = true }: InitOptions): Plan {
  const project = findProject(directory);
  const files = plannedFiles(project);
  const exists = ({ path: file }: PlannedFile) => existsSync(path.join(directory, file));
  return {
    project,
    created: files.filter((file) => !exists(file)),
    existing: files.filter(exists).map((file) => file.path),
    packages: wanted ? developmentPackages(directory) : [],
  };
}

function describe({ created, existing, packages }: Plan): string[] {
  return [
    ...created.flatMap(({ path: file, content }) => [`create ${file}`, ...indented(content)]),
    ...existing.map((file) => `keep   ${file} (it exists)`),
    `script ${SCRIPT.name}: ${SCRIPT.value}, in package.json`,
    ...(packages.length > 0 ? [`install ${packages.join(" ")}, for development`] : []),
  ];
}

const indented = (content: string) =>
  content
    .trimEnd()
    .split("\n")
    .map((line) => `  + ${line}`);

function summary({ project, created, existing, packages }: Plan) {
  return {
    created: created.map(({ path: file }) => file),
    existing,
    packages,
    packageManager: project.packageManager,
    signIn: project.signIn,
  };
}

function apply({ project: { directory }, created }: Plan): void {
  for (const { path: file, content } of created) {
    const target = path.join(directory, file);
    mkdirSync(path.dirname(target), { recursive: true });
    // Fails if the file was created meanwhile.
    writeFileSync(target, content, { flag: "wx" });
  }
  addScript(path.join(directory, "package.json"));
  addLine(path.join(directory, ".gitignore"), IGNORED);
}

/** Keeps a script of this name that the app has. */
function addScript(file: string): void {
  const text = readFileSync(file, "utf8");
  const manifest = JSON.parse(text) as { scripts?: Record<string, string> };
  if (manifest.scripts?.[SCRIPT.name] !== undefined) return;
  const indent = /^\{\r?\n([ \t]+)/.exec(text)?.[1] ?? "  ";
  const scripts = { ...manifest.scripts, [SCRIPT.name]: SCRIPT.value };
  writeFileSync(file, `${JSON.stringify({ ...manifest, scripts }, null, indent)}\n`);
}

function addLine(file: string, line: string): void {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  if (text.split(/\r?\n/).some((each) => each.trim().replace(/^\//, "") === line)) return;
  writeFileSync(file, `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${line}\n`);
}

function install({ project, packages }: Plan, terminal: Terminal): void {
  const [command, ...argv] = installCommand(project.packageManager, packages);
  terminal.note(`> ${[command, ...argv].join(" ")}`);
  const { status } = spawnSync(command, argv, {
    cwd: project.directory,
    stdio: ["ignore", "ignore", "inherit"],
    shell: process.platform === "win32",
  });
  if (status !== 0)
    throw new Error("The packages were not installed. Run the command above, then `tollgate init` again.");
}

function nextSteps({ project: { source, packageManager }, existing }: Plan): string[] {
  const instrumentation = existing.find((file) => file.endsWith("instrumentation.ts"));
  return [
    ...(instrumentation === undefined
      ? []
      : [`Add to ${instrumentation}:`, ...indented(instrumentationFile(source)), ""]),
    "Next: change the products in tollgate.config.ts, then start app, database and sandbox:",
    `  ${packageManager === "npm" ? "npm run" : packageManager} ${SCRIPT.name}`,
  ];
}
