/** Columns that several results share. */
import { z } from "zod";

export const count = z.number().int();
export const processor = z.enum(["stripe", "paddle"]);
export const interval = z.enum(["monthly", "yearly"]);
/** A `timestamptz` as text. */
export const timestamp = z.iso.datetime({ offset: true });
