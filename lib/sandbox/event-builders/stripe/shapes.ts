/**
 * The three shapes of Stripe's subscriptions and invoices: before 2025-03-31.basil; a legacy version rendered by
 * today's Stripe, with fields in both places; and since basil.
 */
export const SHAPES = ["pre_basil", "legacy", "basil"] as const;
export type Shape = (typeof SHAPES)[number];

export const API_VERSIONS: Record<Shape, string> = {
  pre_basil: "2023-10-16",
  legacy: "2022-11-15",
  basil: "2026-10-28.endive",
};

/** The places in which the shape has its fields. */
export function places(shape: Shape): { old: boolean; today: boolean } {
  return { old: shape !== "basil", today: shape !== "pre_basil" };
}
