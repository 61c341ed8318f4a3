/** The audit log of admin actions. */
import { z } from "zod";
import type { Call } from "./call";
import { count, timestamp } from "./columns";

const auditEntry = z.object({
  id: count,
  at: timestamp,
  actor: z.string(),
  act: z.string(),
  userId: z.string().nullable(),
  details: z.record(z.string(), z.unknown()),
});

export function auditQueries(call: Call) {
  return {
    /** @param userId null if the action has no single user */
    recordAuditEntry: (actor: string, action: string, userId: string | null, details: Record<string, unknown>) =>
      call(z.object({ id: count, at: timestamp }), "record_audit_entry", {
        p_actor: actor,
        p_act: action,
        p_user_id: userId,
        p_details: details,
      }),

    /** The newest first; of all users if `userId` is null. */
    auditEntries: (userId: string | null, limit: number) =>
      call(z.array(auditEntry), "list_audit_entries", { p_user_id: userId, p_limit: limit }),
  };
}
