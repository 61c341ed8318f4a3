/** Bank debits that failed or are under way: reconciling by Stripe's real client on the sandbox finds no difference. */
import { expect, test } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { priceLists, sales } from "@/lib/config/current-catalog";
import { stripeClient } from "@/lib/processors/stripe/client";
import { httpClientOver } from "@/lib/sandbox/stripe";
import { stripeAccount } from "@/tests/support/stripe-account";
import { fetchThrough, reconcileSubscriptions } from "./reconcile";

const { stripe, hosted, open, pay, subscribe, payer, sandbox, mail, gateway } = stripeAccount("reconciled");
const { find: findPrice, sold } = priceLists("stripe", {}, { sandbox: true });
const SITE = "http://localhost:3000";
const client = stripeClient({
  apiKey: "sk_test_sandbox",
  sales: sales(),
  findPrice,
  httpClient: httpClientOver(() => sandbox, SITE),
});
const getProcessor = async () => ({ client, sold, sells: true });

const round = (repair: boolean) =>
  reconcileSubscriptions(gateway, fetchThrough(getProcessor), { repair, userId: payer.id });
const PAYS = "6789";
const FAILS = "2227";

async function moveDays(count: number) {
  const { now } = await gateway.sandboxClock(payer.id);
  await sandbox.moveClock(payer.id, { to: now + count * DAY_MS + HOUR_MS });
}

async function upgradeBy(card: typeof PAYS | typeof FAILS, id: string, plan = "titanium") {
  const { customer, items } = await stripe.subscriptions.retrieve(id);
  const { id: portal } = await stripe.billingPortal.sessions.create({ customer: customer as string });
  await hosted.changeCard(sandbox, portal, { card, email: null, name: null, confirmed: false });
  await stripe.subscriptions.update(id, {
    items: [{ id: items.data[0]?.id as string, price: `price_mail_${plan}_monthly` }],
    proration_behavior: "always_invoice",
    payment_behavior: "allow_incomplete",
  });
  await sandbox.idle();
}

test.each([
  ["after a purchase by card", "4242"],
  ["after a purchase with a failing debit", FAILS],
] as const)("an upgrade %s is no open invoice after the event of its failed debit", async (_, card) => {
  const { id } = await subscribe(card);
  await upgradeBy(FAILS, id);
  await moveDays(5);
  const failed = await mail();
  expect(failed).toMatchObject({ status: "past_due" });
  expect(await round(false)).toMatchObject({ checked: 1, different: 0, recordsUnread: 0, findings: [] });
  expect(await round(true)).toMatchObject({ different: 0, findings: [] });
  expect(await mail()).toEqual(failed);
});

test("a debit under way beside a failed one is no open invoice, and is paid days later", async () => {
  const { session } = await open();
  await pay(session.id, { card: FAILS });
  const id = (await stripe.checkout.sessions.retrieve(session.id)).subscription as string;
  await moveDays(2);
  await upgradeBy(PAYS, id);
  await moveDays(2);
  expect(await mail()).toMatchObject({ status: "past_due" });
  expect(await round(true)).toMatchObject({ checked: 1, different: 0, recordsUnread: 0, findings: [] });
  await moveDays(2);
  expect(await round(true)).toMatchObject({ different: 0, findings: [] });
});
