/** Names of the catalog in requests, answers and rows. A wrong name ends its check: later steps look the name up. */
import { z } from "zod";
import { fieldIds, isFieldId, isProductId, productIds } from "./current-catalog";

export const productIdSchema = z
  .string({ error: () => `is one of ${productIds().join(", ")}` })
  .refine(isProductId, { abort: true, error: () => `is one of ${productIds().join(", ")}` });

export const fieldIdSchema = z
  .string({ error: () => `is one of ${fieldIds().join(", ")}` })
  .refine(isFieldId, { abort: true, error: () => `is one of ${fieldIds().join(", ")}` });
