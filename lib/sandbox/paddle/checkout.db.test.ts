import { describe, expect, test } from "vitest";
import { paddlePayer } from "@/tests/support/paddle-payer";

const { sdk, delivered, pay, openCheckout, mail, types, code } = paddlePayer();

describe("a checkout", () => {
  test("that is paid begins the subscription, sends events in Paddle's order, and gives the plan", async () => {
    const transaction = await openCheckout();
    expect(transaction).toMatchObject({ status: "draft", origin: "api", customerId: null, subscriptionId: null });
    expect(transaction.checkout?.url).toBe(`http://localhost:3000/billing?checkout=1&_ptxn=${transaction.id}`);
    expect(await pay(transaction.id)).toEqual({ outcome: "succeeded" });
    expect(types()).toEqual([
      "transaction.created",
      "customer.created",
      "address.created",
      "transaction.updated",
      "transaction.ready",
      "transaction.updated",
      "transaction.paid",
      "subscription.created",
      "subscription.activated",
      "transaction.updated",
      "transaction.completed",
    ]);
    const [created, activated] = delivered.filter(({ type }) => type.startsWith("subscription."));
    expect(created?.occurredAt).toBe(activated?.occurredAt);
    expect(created?.data).toMatchObject({ transaction_id: transaction.id, status: "active" });
    expect(activated?.data).not.toHaveProperty("transaction_id");
    expect(created?.data).not.toHaveProperty("management_urls");
    expect(await mail()).toMatchObject({ plan: "silver", status: "active", processor: "paddle" });
    const done = await sdk().transactions.get(transaction.id);
    expect(done).toMatchObject({ status: "completed", details: { totals: { grandTotal: "1999", balance: "0" } } });
    expect(done.payments).toMatchObject([{ status: "captured", amount: "1999", methodDetails: { type: "card" } }]);
    expect((await sdk().transactions.getInvoicePDF(transaction.id)).url).toMatch(/\/invoice\/txn_\w{26}\/pdf$/);
  });

  test("without a page has the default payment link; a page on another domain is refused", async () => {
    const items = [{ priceId: "pri_mail_silver_monthly", quantity: 1 }];
    const { id, checkout } = await sdk().transactions.create({ items });
    expect(checkout?.url).toBe(`http://localhost:3000/checkout/paddle?_ptxn=${id}`);
    const elsewhere = sdk().transactions.create({ items, checkout: { url: "https://elsewhere.example/pay" } });
    expect(await code(elsewhere)).toBe("transaction_checkout_url_domain_is_not_approved");
  });

  test("with a declined card begins nothing, and another card succeeds", async () => {
    const { id } = await openCheckout();
    expect(await pay(id, { card: "0002" })).toMatchObject({ outcome: "declined" });
    expect(types().at(-1)).toBe("transaction.payment_failed");
    expect(await pay(id, { card: "3155" })).toEqual({ outcome: "requires_action" });
    expect(await mail()).toMatchObject({ plan: "free" });
    expect(await pay(id, { card: "3155", confirmed: true })).toEqual({ outcome: "succeeded" });
    expect(types().filter((type) => type === "customer.created")).toHaveLength(1);
    expect(await mail()).toMatchObject({ plan: "silver" });
  });

  test("that is paid in two tabs at once begins one subscription and charges once", async () => {
    const { id } = await openCheckout();
    const both = await Promise.all([pay(id), pay(id)]);
    expect(both.map((paid) => paid?.outcome).sort()).toEqual(["complete", "succeeded"]);
    const { customerId } = await sdk().transactions.get(id);
    const listed = await sdk()
      .subscriptions.list({ customerId: [customerId as string] })
      .next();
    expect(listed).toHaveLength(1);
    expect(types().filter((type) => type === "transaction.completed")).toHaveLength(1);
  });

  test("that was canceled cannot be paid, and a draft cannot be canceled", async () => {
    const { id } = await openCheckout();
    expect(await code(sdk().transactions.update(id, { status: "canceled" }))).toBe("transaction_invalid_status_change");
    await pay(id, { card: "0002" });
    expect((await sdk().transactions.update(id, { status: "canceled" })).status).toBe("canceled");
    expect(await pay(id)).toEqual({ outcome: "gone" });
  });
});
