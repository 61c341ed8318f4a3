/** Charges the user of a route before its handler runs, and releases the charge if the handler fails. */
import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { Verdict } from "@/lib/billing/schemas/usage-view";
import { log } from "@/lib/core/observability";
import { answer, readJson } from "@/lib/http";
import { requireGateUser } from "@/lib/identity";
import { type Charge, gate } from "@/lib/usage/gate";
import { limitError } from "@/lib/usage/limit-error";

/** The charge, as the handler gets it. */
export interface Usage<Body> {
  userId: string;
  /** The parsed body, if the price has a schema. */
  body: Body;
  /** The allowed verdicts, one per charge. */
  verdicts: readonly [Verdict, ...Verdict[]];
}

/** The price of a route: fixed, or computed from the request's body. */
type Price<Schema extends z.ZodType> =
  | Charge
  | { body: Schema; charges: (body: z.infer<Schema>) => Charge | readonly Charge[] };

type Handler<Context, Body> = (request: Request, context: Context, usage: Usage<Body>) => Response | Promise<Response>;

/**
 * Wraps a route handler. The signed-in user is charged first; a refused charge is answered with 402, and the handler does
 * not run. If the handler throws or answers 5xx, the charge is released in its own window. Errors in a stream release
 * nothing: use reserve and settle for work whose cost is known only at its end.
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
      // A key of this attempt only: it names the charge to release. A retry of the caller has another key and is charged.
      const key = randomUUID();
      const verdicts = await gate.consumeTogether(userId, charges, { idempotencyKey: key });
      const refused = verdicts.find(({ allowed, reason }) => !allowed && reason !== "limit_reached_elsewhere");
      if (refused) throw limitError(refused);
      try {
        const response = await handler(request, context, { userId, body, verdicts: verdicts as [Verdict] });
        if (response.status >= 500) await releaseCharges(userId, charges, key);
        return response;
      } catch (error) {
        await releaseCharges(userId, charges, key);
        throw error;
      }
    });
}

/** Never throws: the caller gets the handler's own response. */
async function releaseCharges(userId: string, charges: readonly Charge[], of: string): Promise<void> {
  for (const { field, amount } of charges) {
    try {
      await gate.release(userId, field, amount, { of, idempotencyKey: `${of}/${field}` });
    } catch (error) {
      log.error(
        { userId, field, amount, of, error: String(error) },
        "[Usage] The charge of failed work could not be released",
      );
    }
  }
}
