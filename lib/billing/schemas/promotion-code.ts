import { line } from "@/lib/core/text";

/** A promotion code as a customer types it, or as a link names it. */
export const promotionCode = line({ max: 64, error: "is a promotion code of at most 64 characters" });
