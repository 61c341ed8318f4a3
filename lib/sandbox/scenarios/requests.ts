/** The body of a simulation request; the documents' examples work as written. */
import { z } from "zod";
import type { FieldId, ProductId } from "@/lib/config/catalog";
import { fieldIds, findPlan, meterOf, productIds, product as productOf } from "@/lib/config/current-catalog";
import { intervalSchema, processorSchema, productIdSchema } from "@/lib/config/schemas";
import { DomainError } from "@/lib/core/domain-error";
import { line, userIdSchema } from "@/lib/core/text";
import { SCENARIO_IDS } from "./scenarios";

const whole = "is a whole number from 0 to 9007199254740991";
const limit = z.int({ error: whole }).min(0, { error: whole });
const name = line({ max: 100, error: "is a plan's name" });

const named = z.strictObject({
  product: productIdSchema.optional(),
  /** By id or name, in any case. */
  plan: name.optional(),
  newPlan: name.optional(),
  interval: intervalSchema.optional(),
  /** If it differs from the plan's limit, it becomes an override of the product's first counter. */
  newLimit: limit.optional(),
});

/** The fields of limits by the name of their unit: `wordsLimit` for a counter of words. */
function namedLimits(): [name: string, field: FieldId][] {
  return fieldIds()
    .map((field) => [meterOf(field).meter, field] as const)
    .filter(([{ kind }]) => kind === "counter")
    .map(([{ unit }, field]) => [`${unit.many}Limit`, field]);
}

type CustomData = z.infer<typeof named> & { [limit: `${string}Limit`]: number | undefined };

const customData = z.lazy(() =>
  named.extend(Object.fromEntries(namedLimits().map(([limitName]) => [limitName, limit.optional()]))),
) as z.ZodType<CustomData>;

export const simulationRequest = z.strictObject({
  userId: userIdSchema,
  scenario: z.enum(SCENARIO_IDS, { error: `is one of ${SCENARIO_IDS.join(", ")}` }),
  customData: customData.default({} as CustomData),
  processor: processorSchema.optional(),
  dryRun: z.boolean().default(false),
});

export type SimulationRequest = z.infer<typeof simulationRequest>;

/** The requested product, plan and limit, by the catalog's ids; null if the request leaves it open. */
export interface RequestedPlan {
  product: ProductId | null;
  plan: string | null;
  limit: { product: ProductId; field: FieldId; amount: number } | null;
}

/**
 * Finds the plan by its id or name, in any case.
 * @throws DomainError bad_input with the field named
 */
export function requestedPlan({ customData: data }: SimulationRequest): RequestedPlan {
  const field = data.newPlan === undefined ? "plan" : "newPlan";
  const wanted = data.newPlan ?? data.plan;
  const found = wanted === undefined ? null : findByName(wanted, data.product);
  if (found === undefined) throw refused(field, `there is no paid plan "${wanted}"${of(data.product)}`);
  const limit = requestedLimit(data, found?.product ?? data.product ?? null);
  return { product: found?.product ?? data.product ?? limit?.product ?? null, plan: found?.plan ?? null, limit };
}

function findByName(wanted: string, product: ProductId | undefined) {
  const name = wanted.toLowerCase();
  return productIds()
    .filter((id) => product === undefined || id === product)
    .flatMap((id) => Object.keys(productOf(id).plans).map((plan) => ({ product: id, plan })))
    .find(({ product: id, plan }) => {
      const entry = findPlan(id, plan);
      return entry && entry.rank > 0 && (plan === name || entry.name.toLowerCase() === name);
    });
}

function requestedLimit(data: SimulationRequest["customData"], product: ProductId | null): RequestedPlan["limit"] {
  for (const [name, field] of namedLimits()) {
    const amount = data[name as `${string}Limit`];
    if (amount === undefined) continue;
    const { productId } = meterOf(field);
    if (product !== null && product !== productId) throw refused(name, `${productOf(product).name} has no such limit`);
    return { product: productId, field, amount };
  }
  if (data.newLimit === undefined) return null;
  if (product === null) throw refused("newLimit", "needs a plan or a product to be the limit of");
  const field = fieldIds().find((id) => meterOf(id).productId === product && meterOf(id).meter.kind === "counter");
  return field === undefined ? null : { product, field, amount: data.newLimit };
}

function of(product: ProductId | undefined): string {
  return product === undefined ? "" : ` of ${productOf(product).name}`;
}

function refused(field: string, text: string): DomainError {
  return new DomainError("bad_input", "bad_input", `customData.${field}: ${text}`, { field: `customData.${field}` });
}
