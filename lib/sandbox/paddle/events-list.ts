/** The emitted events of all customers, as Paddle lists them. */
import { z } from "zod";
import { identifier } from "@/lib/core/text";
import type { Gateway } from "@/lib/database";
import type { ApiAnswer, ApiRequest } from "./api-request";
import { invalidFields } from "./problem";

const listParams = z.strictObject({
  per_page: z.coerce.number().int().min(1).max(200).default(50),
  after: identifier().optional(),
  // Paddle's default is the oldest first, which is of no use here.
  order_by: z.literal("id[DESC]").optional(),
});

export async function listEvents({ params, base, path }: ApiRequest, gateway: Gateway): Promise<ApiAnswer> {
  const read = listParams.safeParse(params);
  if (!read.success) {
    const [issue] = read.error.issues;
    throw invalidFields({ field: String(issue?.path[0] ?? "query"), message: issue?.message ?? "invalid" });
  }
  const { per_page, after = null } = read.data;
  const events = await gateway.listSandboxEvents("paddle", after, null, per_page + 1);
  const data = events.slice(0, per_page);
  const last = (data.at(-1) as { event_id?: string } | undefined)?.event_id ?? after ?? "";
  const query = new URLSearchParams({ ...(params as Record<string, string>), after: last });
  const pagination = {
    per_page,
    next: `${base}${path}?${query}`,
    has_more: events.length > per_page,
    estimated_total: data.length,
  };
  return { status: 200, data, pagination };
}
