/**
 * Schemas for names of the catalog, processors and intervals in requests, responses and rows. A wrong name ends the check,
 * because later steps look it up.
 */
import { z } from "zod";
import { fieldIds, isFieldId, isProductId, productIds } from "./current-catalog";
import { INTERVALS, PROCESSORS } from "./terms";

export const productIdSchema = z
  .string({ error: () => `is one of ${productIds().join(", ")}` })
  .refine(isProductId, { abort: true, error: () => `is one of ${productIds().join(", ")}` });

export const fieldIdSchema = z
  .string({ error: () => `is one of ${fieldIds().join(", ")}` })
  .refine(isFieldId, { abort: true, error: () => `is one of ${fieldIds().join(", ")}` });

export const processorSchema = z.enum(PROCESSORS, { error: `is ${PROCESSORS.join(" or ")}` });

export const intervalSchema = z.enum(INTERVALS, { error: "is monthly or yearly" });
