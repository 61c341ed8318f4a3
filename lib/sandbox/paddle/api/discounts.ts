/** Discounts, which belong to no account. They are read only: the codes are fixed. */
import { z } from "zod";
import { discountEntity } from "../../event-builders/paddle/events";
import { DISCOUNTS, discountNamed } from "../discounts";
import { notFound } from "../problem";
import { page, several } from "./endpoint";

export const discountQuery = z.strictObject({
  ...page(200),
  id: several.optional(),
  /** Not case-sensitive. */
  code: several.optional(),
  status: several.pipe(z.array(z.enum(["active", "archived", "expired", "used"]))).optional(),
  mode: z.enum(["standard", "custom"]).optional(),
});

export function listDiscounts({ id, code, status, mode = "standard" }: z.infer<typeof discountQuery>) {
  const codes = code?.map((each) => each.toUpperCase());
  return DISCOUNTS.filter(
    (each) =>
      (id?.includes(each.id) ?? true) &&
      (codes === undefined || (each.code !== null && codes.includes(each.code))) &&
      (status?.includes(each.status) ?? true) &&
      mode === "standard",
  ).map(discountEntity);
}

export function retrieveDiscount(id: string) {
  const found = discountNamed(id);
  if (found === null) throw notFound(id);
  return discountEntity(found);
}
