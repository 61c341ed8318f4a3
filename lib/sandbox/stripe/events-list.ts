/** The emitted events, as Stripe lists them: newest first, of all customers. */
import { z } from "zod";
import { identifier } from "@/lib/core/text";
import type { Gateway } from "@/lib/database";
import type { Form } from "./form";
import { listOf } from "./list";
import { invalid, missing } from "./problem";

const MAX = 100;

const listParams = z.strictObject({
  limit: z.coerce.number().int().min(1).max(MAX).default(10),
  starting_after: identifier().optional(),
  type: identifier().optional(),
  types: z.array(identifier()).max(20).optional(),
});

export async function listEvents(form: Form, gateway: Gateway): Promise<object> {
  const read = listParams.safeParse(form);
  if (!read.success)
    throw invalid(read.error.issues[0]?.message ?? "Invalid", String(read.error.issues[0]?.path[0] ?? ""));
  const { limit, starting_after: after = null, type, types } = read.data;
  const wanted = types ?? (type === undefined ? null : [type]);
  const events = await gateway.listSandboxEvents("stripe", after, wanted, limit + 1);
  return listOf("/v1/events", events.slice(0, limit), events.length > limit);
}

export async function retrieveEvent(id: string, gateway: Gateway): Promise<object> {
  const event = await gateway.loadSandboxEvent("stripe", id);
  if (event === null) throw missing("event", id);
  return event as object;
}
