/** The catalog in the form that `save_catalog` takes. */
import type { Catalog } from "@/lib/config/catalog";

export interface CatalogDocument {
  products: { product: string; plans: PlanDocument[] }[];
}

interface PlanDocument {
  plan: string;
  name: string;
  rank: number;
  cadence: string;
  per_quantity: boolean;
  limits: LimitDocument[];
}

interface LimitDocument {
  field: string;
  kind: "counter" | "gauge";
  limit: number;
  /** One unit in words. */
  unit: string;
  /** Of a gauge that counts a table. */
  table?: string;
  subject?: string;
}

/**
 * Every product, plan and limit of the catalog.
 * @throws Error if a plan limits a meter that its product does not have
 */
export function catalogDocument({ products }: Catalog): CatalogDocument {
  return {
    products: Object.entries(products).map(([id, { meters, plans }]) => {
      return {
        product: id,
        plans: Object.entries(plans).map(([plan, { name, rank, cadence, perQuantity, limits }]) => ({
          plan,
          name,
          rank,
          cadence,
          per_quantity: perQuantity ?? false,
          limits: Object.entries(limits).map(([field, limit]) => {
            const meter = meters[field];
            if (!meter)
              throw new Error(`The catalog's plan ${id}/${plan} limits ${field}, but ${id} has no such meter.`);
            const { kind, unit, table, subject } = meter;
            return {
              field,
              kind,
              limit,
              unit: unit.one,
              ...(table !== undefined && subject !== undefined && { table, subject }),
            };
          }),
        })),
      };
    }),
  };
}

/**
 * The statement that stores the catalog, for files that a person or the Supabase CLI runs.
 * @throws Error if a text of the catalog would end the quotes
 */
export function saveCatalogStatement(catalog: Catalog): string {
  const text = JSON.stringify(catalogDocument(catalog), null, 2);
  if (text.includes("$catalog$")) throw new Error("The catalog must not contain $catalog$.");
  return `select tollgate.save_catalog($catalog$${text}$catalog$::jsonb);`;
}
