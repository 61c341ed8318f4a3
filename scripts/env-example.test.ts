import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { priceVariable } from "@/lib/config/catalog";
import { sellable } from "@/lib/config/current-catalog";
import { VARIABLE_NAMES } from "@/lib/core/env";
import { ROOT } from "./project";

test(".env.example lists every variable", () => {
  const example = readFileSync(path.join(ROOT, ".env.example"), "utf8");
  const prices = sellable().flatMap((price) => [priceVariable("stripe", price), priceVariable("paddle", price)]);
  for (const name of [...VARIABLE_NAMES, ...prices]) expect(example).toContain(name);
});
