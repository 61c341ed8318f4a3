/** A user's customers and subscriptions at the processors. */
import { z } from "zod";
import type { Call } from "./call";
import { processor } from "./columns";

const customer = z.object({ processor, customer: z.string() });
export type LinkedCustomer = z.infer<typeof customer>;

const billingAccounts = z.object({
  customers: z.array(customer),
  subscriptions: z.array(z.object({ processor, subscription: z.string() })),
});
export type BillingAccounts = z.infer<typeof billingAccounts>;

export function billingAccountQueries(call: Call) {
  return {
    /** Newest first. */
    billingAccounts: (userId: string) => call(billingAccounts, "list_billing_accounts", { p_user_id: userId }),
  };
}
