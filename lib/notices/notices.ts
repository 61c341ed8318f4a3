import { z } from "zod";
import type { Notice } from "@/lib/billing/schemas/notice";
import { gateway } from "@/lib/database";
import { HttpError } from "@/lib/http/http-error";

/** What a page or a client shows at most. */
const SHOWN = 20;

/** A user's latest notices, newest first; what became due since the job's last round is among them. */
export function noticesOf(userId: string): Promise<Notice[]> {
  return gateway().notices(userId, SHOWN);
}

const noticeId = z.coerce.number().int().positive();

/**
 * The user has read it; again changes nothing.
 * @throws HttpError 404 for one that is not there, or not this user's
 */
export async function dismissNotice(userId: string, id: string): Promise<{ dismissed: true }> {
  const parsed = noticeId.safeParse(id);
  if (!parsed.success) throw new HttpError(404, "notice_not_found", "There is no such notice.");
  return gateway().dismissNotice(userId, parsed.data);
}
