/**
 * The package's stylesheet: what Tailwind generates for the components, limited to elements with the class `tollgate` and
 * those inside. An app needs no Tailwind, and its own elements keep their look.
 */
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import tailwind from "@tailwindcss/postcss";
import postcss, { type AtRule, type Root, type Rule } from "postcss";
import { ROOT } from "../project";

const SCOPE = ".tollgate";

export async function buildStyles(target: string): Promise<void> {
  const source = path.join(ROOT, "app", "globals.css");
  const sources = ["lib/ui", "lib/pages"].map((folder) => `@source "${path.join(ROOT, folder)}";\n`).join("");
  // Tailwind reads no other file than those of the package.
  const input = readFileSync(source, "utf8").replace('@import "tailwindcss";', '@import "tailwindcss" source(none);');
  const { css } = await postcss([tailwind({ optimize: false })]).process(input + sources, { from: source });
  writeFileSync(target, scoped(css));
}

/** Limits each rule to the class, and removes cascade layers, which an app's plain rules would override. */
export function scoped(css: string): string {
  const root = postcss.parse(css);
  root.walkAtRules("layer", flatten);
  root.walkRules(scopeRule);
  return root.toString();
}

function flatten(layer: AtRule): void {
  if (layer.nodes === undefined) layer.remove();
  else layer.replaceWith(layer.nodes);
}

function scopeRule(rule: Rule): void {
  const { parent } = rule;
  // The steps of an animation; and a nested rule is limited by the rule around it.
  if (isKeyframes(parent) || parent?.type === "rule" || hasRuleAbove(parent)) return;
  rule.selectors = [...new Set(rule.selectors.flatMap(scopedSelectors))];
}

const isKeyframes = (node: Rule["parent"]) => node?.type === "atrule" && /keyframes$/.test((node as AtRule).name);

function hasRuleAbove(node: Rule["parent"] | Root): boolean {
  for (let each = node; each !== undefined; each = each.parent as Rule["parent"]) if (each.type === "rule") return true;
  return false;
}

/** The selectors of an element with the class, and of elements inside it. */
export function scopedSelectors(selector: string): string[] {
  if (/^(:root|:host|html|body)$/.test(selector)) return [SCOPE];
  if (/^(\.|\*$|::)/.test(selector)) {
    const own = selector.startsWith(".") ? `${SCOPE}${selector}` : selector === "*" ? SCOPE : `${SCOPE}${selector}`;
    return [own, `${SCOPE} ${selector}`];
  }
  return [`${SCOPE} ${selector}`];
}
