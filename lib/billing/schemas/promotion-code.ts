import { line } from "@/lib/core/text";

/** A promotion code that a customer enters, or that a link contains. */
export const promotionCode = line({ max: 64, error: "is a promotion code of at most 64 characters" });
