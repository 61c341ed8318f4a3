/** Disputes at the sandbox's Stripe: their events name a charge, and Stripe's real client finds the user. */
import { expect, test } from "vitest";
import { priceLists, sales } from "@/lib/config/current-catalog";
import { fetchThrough, reconcileSubscriptions } from "@/lib/jobs/reconcile";
import { stripeClient } from "@/lib/processors/stripe/client";
import { httpClientOver } from "@/lib/sandbox/stripe";
import { stripeAccount } from "@/tests/support/stripe-account";
import { attachDispute } from "./attach-dispute";

const { stripe, hosted, pay, subscribe, payer, sandbox, gateway, delivered, latestInvoice } =
  stripeAccount("disputing");
const { find: findPrice, sold } = priceLists("stripe", {}, { sandbox: true });
const SITE = "http://localhost:3000";
const client = stripeClient({
  apiKey: "sk_test_sandbox",
  sales: sales(),
  findPrice,
  httpClient: httpClientOver(() => sandbox, SITE),
});
const getProcessor = async () => ({ client, sold, sells: true });
const compared = () => reconcileSubscriptions(gateway, fetchThrough(getProcessor), { repair: false, userId: payer.id });
const notes = async () => (await gateway.userDetail(payer.id, 1)).notes.map(({ kind, detail }) => [kind, detail]);

/** A customer with a subscription of each product; the bank disputes the first payment of the mail. */
async function disputed() {
  const { customer, id } = await subscribe();
  const invoice = (await latestInvoice(customer)).id as string;
  const session = await stripe.checkout.sessions.create({
    mode: "subscription",
    customer,
    line_items: [{ price: "price_depot_office_monthly", quantity: 1 }],
    subscription_data: { metadata: { user_id: payer.id } },
    success_url: `${SITE}/billing`,
  });
  await pay(session.id);
  const press = async (action: string) => {
    delivered.length = 0;
    await hosted.submit(sandbox, "invoice", invoice, new URLSearchParams({ action }));
    await sandbox.idle();
    return delivered.flatMap(({ unattached }) => unattached ?? []);
  };
  return { id, press };
}

test("a dispute is attached when its event arrives, and the reconciliation then finds no difference", async () => {
  const { press } = await disputed();
  for (const [action, note] of [
    ["dispute", ["dispute_opened", "needs_response"]],
    ["lose", ["dispute_closed", "lost"]],
  ] as const) {
    const [unattached, ...more] = await press(action);
    if (unattached === undefined) throw new Error("The event named no charge.");
    expect(more).toEqual([]);
    expect(await notes()).not.toContainEqual(note);
    await attachDispute(unattached, getProcessor, gateway);
    expect(await notes()).toContainEqual(note);
  }
  expect(await compared()).toMatchObject({ checked: 2, different: 0, recordsUnread: 0, findings: [] });
});

test("a dispute waits for its subscription's reconciliation without a key or without an answer of Stripe", async () => {
  const { press, id } = await disputed();
  const [unattached] = await press("dispute");
  if (unattached === undefined) throw new Error("The event named no charge.");
  await attachDispute(unattached, async () => undefined, gateway);
  await attachDispute({ ...unattached, charge: "ch_unknown" }, getProcessor, gateway);
  expect(await notes()).toEqual([]);
  const { findings, checked } = await compared();
  expect(checked).toBe(2);
  expect(
    findings.map(({ subscription, differences }) => [subscription, differences.map(({ field }) => field)]),
  ).toEqual([[id, ["dispute"]]]);
});
