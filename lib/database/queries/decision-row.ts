/** A decision as admins see it: the subscription before and after it. */
import { z } from "zod";
import { decisionViewSchema, subscriptionViewSchema } from "@/lib/billing/schemas/usage-view";
import { processor } from "./columns";

export const decisionRow = decisionViewSchema.extend({
  processor,
  eventId: z.string(),
  analysis: z.object({ hasPeriodChange: z.boolean(), hasPlanChange: z.boolean() }).nullable(),
  flags: z.array(z.object({ kind: z.string() })),
  before: subscriptionViewSchema,
  after: subscriptionViewSchema,
});
export type DecisionRow = z.infer<typeof decisionRow>;
