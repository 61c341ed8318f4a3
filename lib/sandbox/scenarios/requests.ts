/** What the simulation accepts; the documents' examples work as they are written. */
import { z } from "zod";
import {
  CATALOG,
  FIELD_IDS,
  type FieldId,
  findPlan,
  meterOf,
  PRODUCT_IDS,
  type ProductId,
  product as productOf,
} from "@/lib/config/catalog";
import { DomainError } from "@/lib/core/domain-error";
import { line, userIdSchema } from "@/lib/core/text";
import { SCENARIO_IDS } from "./scenarios";

const whole = "is a whole number from 0 to 9007199254740991";
const limit = z.int({ error: whole }).min(0, { error: whole });
const name = line({ max: 100, error: "is a plan's name" });

const customData = z.strictObject({
  product: z.enum(PRODUCT_IDS as [ProductId, ...ProductId[]]).optional(),
  /** By id or name, in any case. */
  plan: name.optional(),
  newPlan: name.optional(),
  interval: z.enum(["monthly", "yearly"]).optional(),
  /** Where it differs from the plan's, it becomes the user's own limit of the product's first counter. */
  newLimit: limit.optional(),
  wordsLimit: limit.optional(),
  messagesLimit: limit.optional(),
});

/** The documents' names for one product's limit. */
const NAMED_LIMITS = { wordsLimit: "words_used", messagesLimit: "messages_count" } as const;

export const simulationRequest = z.strictObject({
  userId: userIdSchema,
  scenario: z.enum(SCENARIO_IDS, { error: `is one of ${SCENARIO_IDS.join(", ")}` }),
  customData: customData.default({}),
  processor: z.enum(["stripe", "paddle"], { error: "is stripe or paddle" }).optional(),
  dryRun: z.boolean().default(false),
});

export type SimulationRequest = z.infer<typeof simulationRequest>;

/** What the request asks for, in the catalog's ids; null where it leaves it open. */
export interface Asked {
  product: ProductId | null;
  plan: string | null;
  limit: { product: ProductId; field: FieldId; amount: number } | null;
}

/**
 * Finds the plan by its id or name, in any case.
 * @throws DomainError bad_input with the field named
 */
export function askedFor({ customData: data }: SimulationRequest): Asked {
  const field = data.newPlan === undefined ? "plan" : "newPlan";
  const wanted = data.newPlan ?? data.plan;
  const found = wanted === undefined ? null : findByName(wanted, data.product);
  if (found === undefined) throw refused(field, `there is no paid plan "${wanted}"${of(data.product)}`);
  const limit = askedLimit(data, found?.product ?? data.product ?? null);
  return { product: found?.product ?? data.product ?? limit?.product ?? null, plan: found?.plan ?? null, limit };
}

function findByName(wanted: string, product: ProductId | undefined) {
  const asked = wanted.toLowerCase();
  return PRODUCT_IDS.filter((id) => product === undefined || id === product)
    .flatMap((id) => Object.keys(CATALOG[id].plans).map((plan) => ({ product: id, plan })))
    .find(({ product: id, plan }) => {
      const entry = findPlan(id, plan);
      return entry && entry.rank > 0 && (plan === asked || entry.name.toLowerCase() === asked);
    });
}

function askedLimit(data: SimulationRequest["customData"], product: ProductId | null): Asked["limit"] {
  for (const [name, field] of Object.entries(NAMED_LIMITS)) {
    const amount = data[name as keyof typeof NAMED_LIMITS];
    if (amount === undefined) continue;
    const { productId } = meterOf(field);
    if (product !== null && product !== productId) throw refused(name, `${productOf(product).name} has no such limit`);
    return { product: productId, field, amount };
  }
  if (data.newLimit === undefined) return null;
  if (product === null) throw refused("newLimit", "needs a plan or a product to be the limit of");
  const field = FIELD_IDS.find((id) => meterOf(id).productId === product && meterOf(id).meter.kind === "counter");
  return field === undefined ? null : { product, field, amount: data.newLimit };
}

function of(product: ProductId | undefined): string {
  return product === undefined ? "" : ` of ${productOf(product).name}`;
}

function refused(field: string, text: string): DomainError {
  return new DomainError("bad_input", "bad_input", `customData.${field}: ${text}`, { field: `customData.${field}` });
}
