import type { ChangePreviewView } from "@/lib/billing/schemas/purchase";
import { formatCount } from "./format";
import { meterNames } from "./meter";

type PreviewedUsage = Pick<ChangePreviewView, "product" | "timing" | "usage">;

/** The effect of a plan change on the usage, in words; a carry-over names the amounts. */
export function usageEffect({ product, timing, usage }: PreviewedUsage, locale: string): string {
  if (usage.effect !== "carry_over" || timing !== "now") return usage.explanation;
  const carried = usage.meters.filter(({ kind, after }) => kind === "counter" && after.used > 0);
  const amounts = carried.map(({ field, after }) => formatCount(after.used, meterNames(product, field).unit, locale));
  const verb = carried.length === 1 && carried[0]?.after.used === 1 ? "carries" : "carry";
  const outcome = amounts.length === 0 ? "no usage carries over" : `${amounts.join(" and ")} ${verb} over`;
  return `A new period starts today. We subtract the allowance you had already earned, and ${outcome}.`;
}
