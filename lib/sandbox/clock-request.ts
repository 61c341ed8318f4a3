/** Schemas of the clock's routes. */
import { z } from "zod";
import { isoInstant, userIdSchema } from "@/lib/core/text";
import { CLOCK_STEPS, type ClockMove } from "./clock";

export type { ClockMove, ClockMoved } from "./clock";

const fields = {
  /** An ISO instant, or `real` for the machine's own time. */
  to: z.union([z.literal("real"), isoInstant('must be an ISO instant or "real"')]).optional(),
  by: z.enum(CLOCK_STEPS, { error: "must be day, period or month" }).optional(),
};

const either = ({ to, by }: { to?: string | undefined; by?: string | undefined }) =>
  (to === undefined) !== (by === undefined);
const EITHER = { error: "give either to or by", path: ["to"] };

/** For the signed-in user's own clock. */
export const ownClockRequest = z.strictObject(fields).refine(either, EITHER).transform(moveOf);

/** For an admin: any user's clock. */
export const clockRequest = z
  .strictObject({ userId: userIdSchema, ...fields })
  .refine(either, EITHER)
  .transform(({ userId, ...move }) => ({ userId, move: moveOf(move) }));

function moveOf({ to, by }: { to?: string | undefined; by?: (typeof CLOCK_STEPS)[number] | undefined }): ClockMove {
  if (by !== undefined) return { by };
  return to === undefined || to === "real" ? { to: "real" } : { to: Date.parse(to) };
}
