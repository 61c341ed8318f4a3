/** Figures beside their targets: the bar that a release needs, and the aim. */
import { printTable } from "./table";

interface Target {
  bar: number;
  aim?: number;
  /** The figure must not exceed the target. Without it the figure must reach the target. */
  most?: true;
  unit?: "×" | "s" | "MB";
}

export interface Figure {
  name: string;
  /** null if calls failed: then the target is not reached. */
  value: number | null;
  target: Target;
}

export function printFigures(title: string, figures: readonly Figure[]): void {
  const rows = figures.map(({ name, value, target }) => {
    const { bar, aim, most, unit = "×" } = target;
    const shown = (number: number) => `${most ? "≤" : "≥"} ${number} ${unit}`;
    return [
      name,
      value === null ? "failed" : `${value.toFixed(value < 10 ? 2 : 1)} ${unit}`,
      shown(bar),
      aim === undefined ? "–" : shown(aim),
      verdict(value, target),
    ];
  });
  console.log();
  printTable(title, ["", "measured", "bar", "aim", "reached"], rows);
}

function verdict(value: number | null, { bar, aim, most }: Target): string {
  if (value === null) return "no";
  const reaches = (target: number) => (most ? value <= target : value >= target);
  if (!reaches(bar)) return "no";
  return aim !== undefined && reaches(aim) ? "aim" : "bar";
}
