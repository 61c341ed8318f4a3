/** Selects one of the larger plans. Pure, and without the catalog, so that it also runs in the browser. */
import type { FieldId } from "@/lib/config/catalog";

/** A larger plan's limit of one field, and its link. */
export interface UpgradeOption {
  limit: number;
  text: string;
  href: string;
}

/** Per field, the plans with a higher limit, the smallest first. */
export type UpgradeOptions = Readonly<Partial<Record<FieldId, readonly UpgradeOption[]>>>;

/** The smallest plan that allows `needed`, else the largest; undefined if there is no larger plan. */
export function smallestUpgrade(
  upgrades: UpgradeOptions,
  field: string | undefined,
  needed: number,
): UpgradeOption | undefined {
  const larger = Object.hasOwn(upgrades, field ?? "") ? upgrades[field as FieldId] : undefined;
  return larger?.find(({ limit }) => limit >= needed) ?? larger?.at(-1);
}
