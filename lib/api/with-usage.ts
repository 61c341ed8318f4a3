/** The developer's door: a route handler that is charged before it runs, and given back when it fails. */
import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Verdict } from "@/lib/billing/schemas/usage-view";
import { log } from "@/lib/core/observability";
import { answer, readJson } from "@/lib/http";
import { requireGateUser } from "@/lib/identity";
import { type Charge, gate } from "@/lib/usage/gate";
import { refusal } from "@/lib/usage/limit-error";

/** What a handler learns of its charge. */
export interface Usage<Body> {
  userId: string;
  /** The parsed body, where a schema was given. */
  body: Body;
  /** The allowed verdicts, one a charge. */
  verdicts: readonly [Verdict, ...Verdict[]];
}

/** What a route costs: fixed, or worked out from the request's body. */
type Price<Schema extends z.ZodType> =
  | Charge
  | { body: Schema; charges: (body: z.infer<Schema>) => Charge | readonly Charge[] };

type Handler<Context, Body> = (request: Request, context: Context, usage: Usage<Body>) => Response | Promise<Response>;

/**
 * Wraps a route handler: the signed-in user is charged first, and a refusal is answered with 402 before the handler
 * runs. What was charged is given back, in the window of the charge, when the handler throws or answers 5xx. An answer
 * that has begun to stream is not watched: reserve and settle are for work whose cost shows only at its end.
 *
 * ```ts
 * export const POST = withUsage({ field: "emails" }, async (request, context, { userId }) => …);
 * export const POST = withUsage({ body: schema, charges: ({ text }) => ({ field: "tokens", amount: tokens(text) }) }, …);
 * ```
 */
export function withUsage<Context, Schema extends z.ZodType = z.ZodUndefined>(
  price: Price<Schema>,
  handler: Handler<Context, z.infer<Schema>>,
): (request: Request, context: Context) => Promise<Response> {
  return (request, context) =>
    answer(async () => {
      const { id: userId } = await requireGateUser(request);
      const body = ("body" in price ? await readJson(request, price.body) : undefined) as z.infer<Schema>;
      const charges = "body" in price ? [price.charges(body)].flat() : [price];
      // A key of this attempt alone: it names the charge to give back, and no retry may repeat its verdict. The caller's
      // retry is another attempt with another key.
      const key = randomUUID();
      const verdicts = await gate.consumeTogether(userId, charges, { idempotencyKey: key });
      const refused = verdicts.find(({ allowed, reason }) => !allowed && reason !== "limit_reached_elsewhere");
      if (refused) throw refusal(refused);
      try {
        const response = await handler(request, context, { userId, body, verdicts: verdicts as [Verdict] });
        if (response.status >= 500) await giveBack(userId, charges, key);
        return response;
      } catch (error) {
        await giveBack(userId, charges, key);
        throw error;
      }
    });
}

/** Never throws: what the handler answered is what the caller must hear. */
async function giveBack(userId: string, charges: readonly Charge[], of: string): Promise<void> {
  for (const { field, amount } of charges) {
    try {
      await gate.release(userId, field, amount, { of, idempotencyKey: `${of}/${field}` });
    } catch (error) {
      log.error({ userId, field, amount, of, error: String(error) }, "[Usage] Failed work could not be given back");
    }
  }
}
