/** The page that *Fix payment* opens. */
import { expect, test } from "vitest";
import { fakeApi, invoice, STARTED, SUBSCRIPTION, subscription } from "@/tests/support/fake-stripe-api";

const open = (id: string, created: number) =>
  invoice({ id, created, status: "open", hosted_invoice_url: `https://invoice.stripe.example/i/${id}` });
const list = (...data: object[]) => ({ object: "list", data, has_more: false });

test("the page is that of the oldest open invoice", async () => {
  const listed = list(open("in_latest", STARTED + 20), open("in_old", STARTED), open("in_later", STARTED + 10));
  const { client, requests } = await fakeApi(subscription(), listed);
  expect(await client.duePage(SUBSCRIPTION)).toBe("https://invoice.stripe.example/i/in_old");
  expect(requests[1]).toMatchObject({
    request: "GET /v1/invoices",
    fields: { subscription: SUBSCRIPTION, status: "open" },
  });
});

test("the page is that of a debt before that of a change that waits for its payment", async () => {
  const waiting = subscription({ pending_update: { expires_at: STARTED + 99 }, latest_invoice: "in_change" });
  const both = await fakeApi(waiting, list(open("in_debt", STARTED + 10), open("in_change", STARTED)));
  expect(await both.client.duePage(SUBSCRIPTION)).toBe("https://invoice.stripe.example/i/in_debt");
  const alone = await fakeApi(waiting, list(open("in_change", STARTED)));
  expect(await alone.client.duePage(SUBSCRIPTION)).toBe("https://invoice.stripe.example/i/in_change");
});

test("there is no page without an open invoice", async () => {
  const { client } = await fakeApi(subscription(), list());
  expect(await client.duePage(SUBSCRIPTION)).toBeNull();
});
