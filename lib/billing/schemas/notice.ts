/** One thing that a user is told, once for each occasion: as the API answers it and the pages show it. */
import { z } from "zod";
import { fieldIdSchema, processorSchema, productIdSchema } from "@/lib/config/schemas";

const instant = z.iso.datetime({ offset: true });
const amount = z.number().int();

const about = {
  id: z.number().int(),
  userId: z.string(),
  product: productIdSchema,
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
  field: fieldIdSchema,
  used: amount,
  limit: amount,
  resetsAt: instant,
});

const processor = processorSchema.nullable();

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
