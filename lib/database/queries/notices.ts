/** Creates, lists and delivers notices to users. */
import { z } from "zod";
import { noticeSchema } from "@/lib/billing/schemas/notice";
import type { Call } from "./call";
import { count } from "./columns";

const claimed = z.intersection(noticeSchema, z.object({ email: z.string().nullable() }));

export function noticeQueries(call: Call) {
  return {
    /** A user's latest notices, newest first; creates due notices first. */
    notices: (userId: string, limit: number) =>
      call(z.array(noticeSchema), "list_notices", { p_user_id: userId, p_limit: limit }),

    /** The notices of all users, newest first; `before` is the `at` of the last notice of the previous page. */
    recentNotices: (limit: number, before?: string) =>
      call(z.array(noticeSchema), "recent_notices", { p_limit: limit, p_before: before ?? "infinity" }),

    /** @throws DatabaseError not_found for another user's notice */
    dismissNotice: (userId: string, id: number) =>
      call(z.object({ dismissed: z.literal(true) }), "dismiss_notice", { p_user_id: userId, p_notice_id: id }),

    /** Creates the due notices of one page of users after `after`; `next` is the next cursor. */
    createDueNotices: (after: string) =>
      call(z.object({ made: count, next: z.string().nullable() }), "create_due_notices", { p_after: after }),

    /** Claims notices for delivery, each for at least a minute. */
    claimNotices: (limit: number) => call(z.array(claimed), "claim_notices", { p_limit: limit }),

    finishNotice: (userId: string, id: number) =>
      call(z.object({ delivered: z.literal(true) }).nullable(), "finish_notice", {
        p_user_id: userId,
        p_notice_id: id,
      }),

    /** One batch; `more`: there may be others. */
    cleanupNotices: () => call(z.object({ deleted: count, more: z.boolean() }), "cleanup_notices", {}),
  };
}
