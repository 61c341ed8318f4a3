/** Schemas for names of the catalog in requests, responses and rows. */
import { z } from "zod";
import { fieldIds, isFieldId, isProductId, productIds } from "./current-catalog";

export const productIdSchema = z
  .string({ error: () => `is one of ${productIds().join(", ")}` })
  .refine(isProductId, { error: () => `is one of ${productIds().join(", ")}` });

export const fieldIdSchema = z
  .string({ error: () => `is one of ${fieldIds().join(", ")}` })
  .refine(isFieldId, { error: () => `is one of ${fieldIds().join(", ")}` });
