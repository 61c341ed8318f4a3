import { expect, test } from "vitest";
import { withRelativePaths } from "./bundle";

const isFolder = (module: string) => module === "http" || module === "ui/shell";

test.each([
  ['import { a } from "@/lib/http";', 'import { a } from "../http/index.js";'],
  ['export * from "@/lib/core/env";', 'export * from "../core/env.js";'],
  ['import type { b } from "./shell";', 'import type { b } from "./shell/index.js";'],
  ['import { c } from "../core/text";', 'import { c } from "../core/text.js";'],
  ['type D = import("@/lib/core/env").Env;', 'type D = import("../core/env.js").Env;'],
  ['import { z } from "zod";', 'import { z } from "zod";'],
  ['declare module "tollgate" {}', 'declare module "tollgate" {}'],
])("%s", (before, after) => {
  expect(withRelativePaths(before, "ui/index.d.ts", isFolder)).toBe(after);
});
