/** One thing that a user is told, once for each occasion: as the API answers it and the pages show it. */
import { z } from "zod";
import { FIELD_IDS, type FieldId, PRODUCT_IDS, type ProductId } from "@/lib/config/catalog";

const instant = z.iso.datetime({ offset: true });
const amount = z.number().int();

const about = {
  id: z.number().int(),
  userId: z.string(),
  product: z.enum(PRODUCT_IDS as [ProductId, ...ProductId[]]),
  /** When it was found. */
  at: instant,
  /** What it is about: the window's start, the first failed payment, the plan's end. */
  occasionAt: instant,
  /** It still holds: the window goes on, the payment is open, no plan has come since. */
  current: z.boolean(),
  /** The user has read it. */
  dismissed: z.boolean(),
  deliveredAt: instant.nullable(),
  /** The plan whose limit it is, that waits for its payment, or that ended. */
  plan: z.string(),
};

const limit = z.object({
  ...about,
  /** 80 % of the limit are used, or all of it. */
  kind: z.enum(["near_limit", "limit_reached"]),
  field: z.enum(FIELD_IDS as [FieldId, ...FieldId[]]),
  used: amount,
  limit: amount,
  resetsAt: instant,
});

const processor = z.enum(["stripe", "paddle"]).nullable();

const payment = z.object({
  ...about,
  kind: z.literal("payment_failed"),
  processor,
  /** When the plan falls back to free's limits, where that is known. */
  graceUntil: instant.nullable(),
});

const ended = z.object({ ...about, kind: z.literal("plan_ended"), processor });

export const noticeSchema = z.discriminatedUnion("kind", [limit, payment, ended]);
export type Notice = z.infer<typeof noticeSchema>;
