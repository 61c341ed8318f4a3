import { expect, test } from "vitest";
import { CUSTOMER, fakeApi, refusal } from "@/tests/support/fake-stripe-api";

const NO_DEFAULT = refusal(
  400,
  "invalid_request_error",
  undefined,
  "No configuration provided and your test mode default configuration has not been created.",
);
const SESSION = { id: "bps_1", object: "billing_portal.session", url: "https://billing.stripe.example/session" };
const settings = (id: string, tag: string) => ({
  id,
  object: "billing_portal.configuration",
  metadata: { tollgate: tag },
});
const list = (...data: object[]) => ({
  object: "list",
  data,
  has_more: false,
  url: "/v1/billing_portal/configurations",
});

test("without default settings, the portal opens with those that push created", async () => {
  const { client, requests } = await fakeApi(
    NO_DEFAULT,
    list(settings("bpc_1", "x"), settings("bpc_2", "portal")),
    SESSION,
  );
  expect(await client.portal(CUSTOMER, [], "https://app.example.com")).toEqual({ url: SESSION.url });
  expect(requests.map(({ request }) => request)).toEqual([
    "POST /v1/billing_portal/sessions",
    "GET /v1/billing_portal/configurations",
    "POST /v1/billing_portal/sessions",
  ]);
  expect(requests[2]?.fields).toEqual({
    customer: CUSTOMER,
    return_url: "https://app.example.com",
    configuration: "bpc_2",
  });
});

test("other refusals, and an account without any settings, are errors", async () => {
  const other = await fakeApi(refusal(400, "invalid_request_error", undefined, "refused"));
  await expect(other.client.portal(CUSTOMER, [])).rejects.toMatchObject({ problem: "invalid" });
  expect(other.requests).toHaveLength(1);
  const none = await fakeApi(NO_DEFAULT, list());
  await expect(none.client.portal(CUSTOMER, [])).rejects.toMatchObject({ problem: "invalid" });
});
