import { z } from "zod";
import type { Notice } from "@/lib/billing/schemas/notice";
import { DomainError } from "@/lib/core/domain-error";
import { gateway } from "@/lib/database";

/** The maximum number of notices in a response. */
const MAX_SHOWN = 20;

/** A user's latest notices, newest first, including those that became due since the job's last run. */
export function noticesOf(userId: string): Promise<Notice[]> {
  return gateway().notices(userId, MAX_SHOWN);
}

const noticeId = z.coerce.number().int().positive();

/**
 * Marks a notice as read; a second call changes nothing.
 * @throws DomainError not_found if the notice does not exist or is not this user's
 */
export async function dismissNotice(userId: string, id: string): Promise<{ dismissed: true }> {
  const parsed = noticeId.safeParse(id);
  if (!parsed.success) throw new DomainError("not_found", "notice_not_found", "There is no such notice.");
  return gateway().dismissNotice(userId, parsed.data);
}
