/** Columns that several results share. */
import { z } from "zod";

export { intervalSchema as interval, processorSchema as processor } from "@/lib/config/schemas";

export const count = z.number().int();
/** A `timestamptz` as text. */
export const timestamp = z.iso.datetime({ offset: true });
