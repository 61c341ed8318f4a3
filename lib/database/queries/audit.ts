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
    recordAuditEntry: (actor: string, name: string, userId: string | null, details: Record<string, unknown>) =>
      call(z.object({ id: count, at: timestamp }), "record_audit_entry", {
        p_actor: actor,
        p_act: name,
        p_user_id: userId,
        p_details: details,
      }),

    /** Newest first; `userId` null: about any user. */
    auditEntries: (userId: string | null, limit: number) =>
      call(z.array(auditEntry), "list_audit_entries", { p_user_id: userId, p_limit: limit }),
  };
}
