import { describe, expect, test } from "vitest";
import { paddlePayer } from "@/tests/support/paddle-payer";

const { sandbox, sdk, connection, delivered, hosted, payer, items, subscribe, code } = paddlePayer();

describe("the API", () => {
  test("answers unknown fields, entities, prices and paths by Paddle's errors", async () => {
    const { id } = await subscribe();
    expect(await code(sdk().subscriptions.get("sub_nobody"))).toBe("not_found");
    expect(await code(sdk().transactions.get(id))).toBe("not_found");
    const misspelt = sdk().subscriptions.update(id, { prorationBilingMode: "do_not_bill" } as never);
    await expect(misspelt).rejects.toMatchObject({
      code: "invalid_field",
      errors: [{ field: "proration_biling_mode" }],
    });
    const withoutMode = sdk().subscriptions.update(id, { items: items("titanium") });
    await expect(withoutMode).rejects.toMatchObject({ errors: [{ field: "proration_billing_mode" }] });
    const unknownPrice = sdk().transactions.create({ items: [{ priceId: "pri_nobody", quantity: 1 }] });
    await expect(unknownPrice).rejects.toMatchObject({ errors: [{ field: "items[0].price_id" }] });
    expect(await code(sdk().transactions.create({ items: [] }))).toBe("invalid_field");
    expect(await code(sdk().discounts.get("dsc_1"))).toBe("not_found");
    expect(await code(sdk().businesses.list("ctm_1").next())).toBe("invalid_url");
    expect(await code(sdk().transactions.list().next())).toBe("invalid_field");
  });

  test("refuses another key and another API version", async () => {
    const { id } = await subscribe();
    const before = delivered.length;
    expect(await code(sdk("pdl_live_apikey_oops").subscriptions.cancel(id))).toBe("invalid_token");
    expect((await fetch(`${connection.base}/subscriptions/${id}`)).status).toBe(401);
    expect(await code(sdk(connection.apiKey, { "Paddle-Version": "2" }).subscriptions.get(id))).toBe("invalid_version");
    expect(delivered).toHaveLength(before);
  });

  test("has the catalog's prices and products", async () => {
    expect(await sdk().prices.list().next()).toHaveLength(12);
    expect(await sdk().prices.get("pri_mail_silver_yearly")).toMatchObject({
      unitPrice: { amount: "19990", currencyCode: "USD" },
      billingCycle: { interval: "year", frequency: 1 },
    });
    expect((await sdk().products.list().next()).map(({ id }) => id)).toContain("pro_mail_silver");
    expect(await code(sdk().prices.get("pri_x"))).toBe("not_found");
  });

  test("lists pages over several customers, without those of other customers", async () => {
    const one = await subscribe();
    const first = payer.id;
    for (let month = 0; month < 3; month += 1) await sandbox.moveClock(first, { by: "period" });
    payer.id = `${first}-other`;
    const other = await subscribe("bronze");
    const query = {
      subscriptionId: [one.id, other.id],
      status: ["completed" as const],
      orderBy: "id[DESC]",
      perPage: 2,
    };
    const seen: string[] = [];
    for await (const transaction of sdk().transactions.list(query)) seen.push(transaction.subscriptionId as string);
    expect(seen.filter((id) => id === one.id)).toHaveLength(4);
    expect(seen.filter((id) => id === other.id)).toHaveLength(1);
    expect(
      await sdk()
        .transactions.list({ subscriptionId: ["sub_nobody"] })
        .next(),
    ).toEqual([]);
  });

  test("lists events as they were sent", async () => {
    const { id } = await subscribe();
    await sdk().subscriptions.cancel(id, { effectiveFrom: "immediately" });
    const [last] = await sdk().events.list({ perPage: 2, orderBy: "id[DESC]" }).next();
    expect(last).toMatchObject({ eventType: "subscription.canceled", data: { id } });
  });

  test("opens the portal of a customer", async () => {
    const { id, customer } = await subscribe();
    const portal = await sdk().customerPortalSessions.create(customer, [id]);
    expect(portal.urls.general.overview).toBe(`http://localhost:3000/sandbox/paddle/portal/${portal.id}`);
    expect(await code(sdk().customerPortalSessions.create(customer, ["sub_nobody"]))).toBe("not_found");
    expect(await hosted.setCancel(sandbox, portal.id, id, true)).toBe(true);
    expect(await hosted.hostedPage(sandbox, "portal", portal.id)).toMatchObject({
      email: "ada@example.com",
      subscriptions: [{ id, status: "active", ends: { action: "cancel" } }],
      invoices: [{ total: 1_999, status: "completed" }],
    });
    expect(await sdk().customers.get(customer)).toMatchObject({ email: "ada@example.com" });
  });
});
