/**
 * Schemas for names of the catalog, processors and intervals in requests, responses and rows. A wrong name ends the check,
 * because later steps look it up.
 */
import { z } from "zod";
import { fieldIds, isFieldId, isProductId, productIds } from "./current-catalog";
import type { FieldName, ProductName } from "./register";
import { INTERVALS, PROCESSORS } from "./terms";

export const productIdSchema = nameSchema<ProductName>(isProductId, productIds);
export const fieldIdSchema = nameSchema<FieldName>(isFieldId, fieldIds);

export const processorSchema = z.enum(PROCESSORS, { error: `is ${PROCESSORS.join(" or ")}` });

export const intervalSchema = z.enum(INTERVALS, { error: `is ${INTERVALS.join(" or ")}` });

/** Looks the names up at each check, since the catalog is provided later. */
function nameSchema<Name extends string>(isName: (value: string) => boolean, names: () => string[]) {
  const error = () => `is one of ${names().join(", ")}`;
  const schema = z.string({ error }).refine(isName, { abort: true, error });
  // By its type only: a transformation would have no JSON schema.
  return schema as z.ZodType as z.ZodType<Name, string>;
}
