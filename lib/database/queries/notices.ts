/** Notices: what users are told, made, shown, delivered. */
import { z } from "zod";
import { noticeSchema } from "@/lib/billing/schemas/notice";
import type { Call } from "./call";
import { count } from "./columns";

const claimed = z.intersection(noticeSchema, z.object({ email: z.string().nullable() }));

export function noticeQueries(call: Call) {
  return {
    /** A user's latest notices, newest first; makes what is due on the way. */
    notices: (userId: string, limit: number) =>
      call(z.array(noticeSchema), "list_notices", { p_user_id: userId, p_limit: limit }),

    /** Everybody's, newest first; `before` is the `at` of the last one of the page before. */
    recentNotices: (limit: number, before?: string) =>
      call(z.array(noticeSchema), "recent_notices", { p_limit: limit, p_before: before ?? "infinity" }),

    /** @throws DatabaseError not_found for one that is not this user's */
    dismissNotice: (userId: string, id: number) =>
      call(z.object({ dismissed: z.literal(true) }), "dismiss_notice", { p_user_id: userId, p_notice_id: id }),

    /** One page of users after `after`; `next` is where the next begins. */
    makeDueNotices: (after: string) =>
      call(z.object({ made: count, next: z.string().nullable() }), "make_due_notices", { p_after: after }),

    /** Takes notices to deliver, each for at least a minute. */
    claimNotices: (limit: number) => call(z.array(claimed), "claim_notices", { p_limit: limit }),

    concludeNotice: (userId: string, id: number) =>
      call(z.object({ delivered: z.literal(true) }).nullable(), "conclude_notice", {
        p_user_id: userId,
        p_notice_id: id,
      }),

    cleanupNotices: () => call(z.object({ deleted: count }), "cleanup_notices", {}),
  };
}
