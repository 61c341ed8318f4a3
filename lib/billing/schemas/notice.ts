/** A notice to a user, one per occasion, in the form of the API and the pages. */
import { z } from "zod";
import { fieldIdSchema, processorSchema, productIdSchema } from "@/lib/config/schemas";

const instant = z.iso.datetime({ offset: true });
const amount = z.number().int();

const common = {
  id: z.number().int(),
  userId: z.string(),
  product: productIdSchema,
  /** When the notice was created. */
  at: instant,
  /** The instant of the occasion: the window's start, the first failed payment, or the plan's end. */
  occasionAt: instant,
  /** The occasion still exists: same window, open payment, or no plan since. */
  current: z.boolean(),
  /** The user has read it. */
  dismissed: z.boolean(),
  deliveredAt: instant.nullable(),
  /** The plan with the limit, with the open payment, or that ended. */
  plan: z.string(),
};

const limit = z.object({
  ...common,
  /** `near_limit`: 80 % of the limit are used; `limit_reached`: all of it. */
  kind: z.enum(["near_limit", "limit_reached"]),
  field: fieldIdSchema,
  used: amount,
  limit: amount,
  resetsAt: instant,
});

const processor = processorSchema.nullable();

const payment = z.object({
  ...common,
  kind: z.literal("payment_failed"),
  processor,
  /** When the limits of the free plan begin to apply; null if not known. */
  graceUntil: instant.nullable(),
});

const ended = z.object({ ...common, kind: z.literal("plan_ended"), processor });

export const noticeSchema = z.discriminatedUnion("kind", [limit, payment, ended]);
export type Notice = z.infer<typeof noticeSchema>;
