/** The settings of Stripe's customer portal that Tollgate needs. */
import type Stripe from "stripe";
import { entityId } from "../entity-id";
import { KEY_FIELD, type RemotePortal } from "../setup-client";

type Ask = <T>(operation: string, request: () => Promise<T>) => Promise<T>;

/** Plan changes stay in Tollgate, which previews their effect on usage. */
const FEATURES = {
  customer_update: { enabled: true, allowed_updates: ["email", "address", "tax_id"] },
  invoice_history: { enabled: true },
  payment_method_update: { enabled: true },
  subscription_update: { enabled: false },
} satisfies Stripe.BillingPortal.ConfigurationCreateParams["features"];

export function portalSettings(stripe: Stripe, ask: Ask) {
  return {
    /** The account's default settings; else those that an earlier run created. */
    async read(): Promise<RemotePortal | null> {
      const { data } = await ask("billingPortal.configurations.list", () =>
        stripe.billingPortal.configurations.list({ active: true, limit: 100 }),
      );
      const used = data.find(({ is_default }) => is_default) ?? data.find(isOurs);
      return used === undefined ? null : { id: used.id, differences: differencesOf(used) };
    },

    async save(id: string | null): Promise<void> {
      if (id === null)
        await ask("billingPortal.configurations.create", () =>
          stripe.billingPortal.configurations.create({ features: FEATURES, metadata: { [KEY_FIELD]: "portal" } }),
        );
      else
        await ask("billingPortal.configurations.update", () =>
          stripe.billingPortal.configurations.update(entityId(id), { features: FEATURES }),
        );
    },
  };
}

const NO_DEFAULT = /default configuration has not been created/i;

/**
 * The settings that `tollgate push` created, after Stripe refused a session because the account has no default settings.
 * @throws the error itself, if it has another cause or there are no such settings
 */
export async function createdSettings(stripe: Stripe, error: unknown): Promise<string> {
  if (!(error instanceof Error) || !NO_DEFAULT.test(error.message)) throw error;
  const { data } = await stripe.billingPortal.configurations.list({ active: true, limit: 100 });
  const found = data.find(isOurs);
  if (found === undefined) throw error;
  return found.id;
}

/** Whether `tollgate push` created these settings. */
function isOurs({ metadata }: Pick<Stripe.BillingPortal.Configuration, "metadata">): boolean {
  return metadata?.[KEY_FIELD] === "portal";
}

function differencesOf({ features }: Stripe.BillingPortal.Configuration): string[] {
  const { customer_update: customer, invoice_history, payment_method_update, subscription_update } = features;
  const lacksAddress = !customer.enabled || !customer.allowed_updates.includes("address");
  return [
    ...(payment_method_update.enabled ? [] : ["customers cannot change their card"]),
    ...(lacksAddress ? ["customers cannot change their address"] : []),
    ...(invoice_history.enabled ? [] : ["customers do not see their invoices"]),
    ...(subscription_update.enabled ? ["customers can change their plan without a preview of its effect"] : []),
  ];
}
