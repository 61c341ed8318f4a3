/** A service with the usage key reads and sells for the user whom it names. */
import { beforeAll, describe, expect, test } from "vitest";
import { appServer, SANDBOX, signedIn } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";

const database = testDatabase();
const KEY = "usage-key-of-the-tests";
const app = appServer(() => ({ ...SANDBOX, DATABASE_URL: database.url, USAGE_API_KEY: KEY }));
const service = { authorization: `Bearer ${KEY}` };
let session: { cookie: string };
let admin: { cookie: string };
beforeAll(async () => {
  session = await signedIn(app, "customer");
  admin = await signedIn(app, "admin");
});

const get = (path: string, headers: Record<string, string> = service) => app.send(path, { headers });
const post = (path: string, body: unknown, headers: Record<string, string> = service) =>
  app.send(path, { method: "POST", headers, body });
const entries = async (userId: string) =>
  (
    await database
      .pool()
      .query("select actor, act, details from audit_entries where user_id = $1 order by entry_id", [userId])
  ).rows;

describe("a service", () => {
  test("reads the usage, the entitlements, the history and the invoices of the user", async () => {
    await post("/api/usage/consume", { userId: "customer", field: "words_used", amount: 7 });
    const usage = await get("/api/subscription/usage?userId=customer");
    expect(usage.json).toMatchObject({ userId: "customer" });
    // Their clocks differ.
    const withoutNow = ({ now: _, ...view }: Record<string, unknown>) => view;
    const own = await get("/api/subscription/usage", session);
    expect(withoutNow(usage.json as Record<string, unknown>)).toEqual(withoutNow(own.json as Record<string, unknown>));
    for (const path of ["/api/subscription/entitlements", "/api/usage/history?field=words_used", "/api/invoices"]) {
      const named = await get(`${path}${path.includes("?") ? "&" : "?"}userId=customer&actorId=clerk`);
      expect(named.json, path).toEqual((await get(path, session)).json);
    }
    expect((await get("/api/usage/history?field=words_used&userId=customer")).json).toMatchObject({
      userId: "customer",
      days: [{ amount: 7 }],
    });
  });

  test("sells to the user, and each sale is in the audit log", async () => {
    const buyer = "buyer";
    const opened = await post("/api/checkout", { product: "writer", plan: "basic", userId: buyer, actorId: "kim" });
    expect(opened.status).toBe(200);
    const { url, checkout } = opened.json as { url: string; checkout: string };
    expect((await get(`/api/checkout/status?checkout=${checkout}&userId=${buyer}`)).json).toMatchObject({
      status: "open",
    });
    expect((await get(`/api/checkout/status?checkout=${checkout}&userId=customer`)).status).toBe(404);
    const pay = await app.send(new URL(url).pathname.replace("/sandbox/", "/api/sandbox/"), {
      method: "POST",
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: "email=buyer%40example.com&card=4242",
    });
    expect([303, 200]).toContain(pay.status);
    expect((await post("/api/checkout/return", { checkout, userId: buyer })).json).toMatchObject({ status: "active" });

    // The processor's webhooks confirm each change.
    const view = async () => (await get(`/api/subscription/usage?userId=${buyer}`)).text;
    const change = { product: "writer", plan: "plus", userId: buyer };
    const product = { product: "writer", userId: buyer };
    expect((await post("/api/subscription/preview", change)).status).toBe(200);
    expect((await post("/api/subscription/change", change)).status).toBe(200);
    await expect.poll(view).toContain('"plan":"plus"');
    expect((await post("/api/subscription/cancel", product)).status).toBe(200);
    await expect.poll(view).toContain('"cancelAt":"');
    expect((await post("/api/subscription/resume", product)).status).toBe(200);
    expect((await post("/api/portal", { userId: buyer })).json).toMatchObject({ url: expect.any(String) });

    const by = { actor: "service_key" };
    expect(await entries(buyer)).toEqual([
      {
        ...by,
        act: "checkout.opened",
        details: { product: "writer", plan: "basic", interval: "monthly", processor: "stripe", actorId: "kim" },
      },
      { ...by, act: "plan.changed", details: { product: "writer", plan: "plus" } },
      { ...by, act: "subscription.canceled", details: { product: "writer" } },
      { ...by, act: "subscription.resumed", details: { product: "writer" } },
      { ...by, act: "portal.opened", details: {} },
    ]);
  });

  test("leaves an entry for a refused sale; a user's own purchase leaves none", async () => {
    const body = { product: "writer", plan: "basic", processor: "stripe" };
    expect((await post("/api/subscription/cancel", { product: "writer", userId: "refused" })).status).toBe(409);
    expect(await entries("refused")).toMatchObject([
      { act: "subscription.canceled", details: { refused: expect.any(String) } },
    ]);
    expect((await post("/api/checkout", body, session)).status).toBe(200);
    expect(await entries("customer")).toEqual([]);
  });

  test("links customers in bulk, and moves no subscription", async () => {
    const link = (number: number) => ({ processor: "stripe", customerId: `cus_${number}`, userId: `linked-${number}` });
    const linked = await post("/api/admin/links", [link(1), link(2), { ...link(1), userId: "another" }]);
    expect(linked.json).toMatchObject({ links: [{ linked: true }, { linked: true }, { linked: false }] });
    expect(await entries("linked-2")).toMatchObject([{ actor: "service_key", act: "customer.linked" }]);
    const move = { processor: "stripe", subscriptionId: "sub_1", userId: "linked-1" };
    for (const body of [move, [link(3), move]]) {
      const refused = await post("/api/admin/links", body);
      expect([refused.status, refused.json]).toMatchObject([403, { reason: "admin_required" }]);
    }
    expect(await entries("linked-3")).toEqual([]);
    expect((await post("/api/admin/links", link(3), admin)).json).toMatchObject({ linked: true });
    expect((await post("/api/admin/links", link(4), session)).status).toBe(404);
  });

  test("changes a gauge within the limit; a counter has a reason of its own", async () => {
    const change = (body: object) => post("/api/usage/gauge", { userId: "gauged", field: "chatbots_count", ...body });
    const one = await change({ add: 1, idempotencyKey: "one" });
    expect(one.json).toEqual({
      allowed: true,
      field: "chatbots_count",
      used: 1,
      limit: 1,
      remaining: 0,
      resetsAt: null,
      plan: "free",
    });
    expect((await change({ add: 1, idempotencyKey: "one" })).json).toEqual(one.json);
    expect((await change({ set: 2 })).json).toMatchObject({ allowed: false, reason: "limit_reached", used: 1 });
    expect((await change({ set: 2, idempotencyKey: "one" })).json).toMatchObject({ reason: "key_reused" });
    expect((await change({ field: "words_used", add: 1 })).json).toMatchObject({
      reason: "field_is_counter",
      field: "field",
    });
    expect((await change({ set: 1, add: 1 })).status).toBe(400);
  });
});

describe("a request", () => {
  test("that names two users is refused", async () => {
    const { status, json } = await get("/api/subscription/usage?userId=customer&userId=buyer");
    expect([status, json]).toMatchObject([400, { field: "userId" }]);
  });

  test("with a wrong key is 401, with a reason that names the key", async () => {
    const answer = await get("/api/subscription/usage?userId=customer", {
      authorization: "Bearer wrong-key-of-the-tests",
    });
    expect([answer.status, answer.json]).toMatchObject([401, { reason: "invalid_key" }]);
  });

  test("with a session and another header of a proxy is the session's", async () => {
    const headers = { ...session, authorization: "Basic c3RhZ2luZzpzZWNyZXQ=" };
    expect((await get("/api/subscription/usage", headers)).json).toMatchObject({ userId: "customer" });
    expect((await get("/api/subscription/usage?userId=buyer", headers)).status).toBe(403);
  });

  test("of a session that names another actor is refused", async () => {
    expect((await get("/api/subscription/usage?actorId=kim", session)).status).toBe(403);
  });
});
