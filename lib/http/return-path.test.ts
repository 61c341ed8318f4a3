import { expect, it } from "vitest";
import { returnPath } from "./return-path";

it.each(["/billing", "/bays", "/billing?a=1&b=2"])("returns to %s", (path) => expect(returnPath(path)).toBe(path));

it.each([
  undefined,
  null,
  "",
  ["/a", "/b"],
  "billing",
  "https://evil.example",
  "//evil.example",
  "/\\evil.example",
  "/\t/evil.example",
  "/./\\evil.example",
  "/..//evil.example",
  "javascript:alert(1)",
])("does not follow %j", (next) => expect(returnPath(next)).toBe("/billing"));
