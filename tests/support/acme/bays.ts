/** The table that Acme's gauge counts (bays.sql). */
import { z } from "zod";
import type { Gateway } from "@/lib/database";

export function baysTable({ call }: Pick<Gateway, "call">) {
  return {
    /** The bay is null if the plan allows no more. */
    create: (userId: string, name: string) =>
      call(z.object({ bay: z.object({ id: z.uuid(), name: z.string() }).nullable() }), "create_bay", {
        p_user_id: userId,
        p_name: name,
      }),

    delete: (userId: string, bayId: string) =>
      call(z.object({ deleted: z.boolean() }), "delete_bay", { p_user_id: userId, p_bay_id: bayId }),
  };
}
