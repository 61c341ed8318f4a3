/**
 * The three shapes in which Stripe has sent subscriptions and invoices: before 2025-03-31.basil, an old version
 * rendered by today's Stripe (fields in both places), and since basil.
 */
export const SHAPES = ["g0", "g1", "g2"] as const;
export type Shape = (typeof SHAPES)[number];

export const API_VERSIONS: Record<Shape, string> = {
  g0: "2023-10-16",
  g1: "2022-11-15",
  g2: "2026-10-28.endive",
};

/** Which places the shape writes. */
export function places(shape: Shape): { old: boolean; today: boolean } {
  return { old: shape !== "g2", today: shape !== "g0" };
}
