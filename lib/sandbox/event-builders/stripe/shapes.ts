/**
 * The three shapes in which Stripe has sent subscriptions and invoices: before 2025-03-31.basil, an old version
 * rendered by today's Stripe (fields in both places), and since basil.
 */
export const SHAPES = ["pre_basil", "legacy", "basil"] as const;
export type Shape = (typeof SHAPES)[number];

export const API_VERSIONS: Record<Shape, string> = {
  pre_basil: "2023-10-16",
  legacy: "2022-11-15",
  basil: "2026-10-28.endive",
};

/** Which places the shape writes. */
export function places(shape: Shape): { old: boolean; today: boolean } {
  return { old: shape !== "basil", today: shape !== "pre_basil" };
}
