import { beforeEach, describe, expect, test, vi } from "vitest";
import { z } from "zod";
import { DomainError } from "@/lib/core/domain-error";
import { json } from "@/lib/http";
import { localCookie, signLocalSession } from "@/lib/identity/local";
import type { Charge } from "@/lib/usage";
import { meteredDatabase } from "@/tests/support/metered";
import { setProcessGateway } from "@/tests/support/process-gateway";
import { withUsage } from "./with-usage";

/** Set before the modules read the environment. */
vi.hoisted(() => {
  process.env.TOLLGATE_LOCAL_SECRET = "a-secret-of-this-test-and-no-other";
});
/** Replaces Next's request headers only. */
const incoming = vi.hoisted(() => ({ headers: new Headers() }));
vi.mock("next/headers", () => ({
  headers: async () => incoming.headers,
  cookies: async () => ({ set: () => {} }),
}));
vi.mock("next/server", () => ({ after: (work: () => unknown) => void work() }));

const { gateway, query, meter, ledger } = meteredDatabase();
setProcessGateway(gateway);

let users = 0;
let userId = "";
beforeEach(() => {
  users += 1;
  userId = `user-${users}`;
});

const APP = "http://localhost:3000";
const context = { params: Promise.resolve({ id: "7" }) };
type Route = (request: Request, given: typeof context) => Promise<Response>;

/** A request of the test's user, as a browser sends it from our own page. */
async function call(
  route: Route,
  { body = {}, cookie, origin = APP }: { body?: unknown; cookie?: string; origin?: string } = {},
) {
  const session = `${localCookie()}=${await signLocalSession({ id: userId, email: null, name: null })}`;
  incoming.headers = new Headers({ cookie: cookie ?? session, origin });
  const request = new Request(`${APP}/api/work`, {
    method: "POST",
    headers: incoming.headers,
    body: JSON.stringify(body),
  });
  const response = await route(request, context);
  return { status: response.status, body: await response.json() };
}

const used = async (field: Charge["field"] = "stamps_used") => (await meter(userId, field)).used;
const words = (amount: number) => ({ field: "stamps_used", amount }) as const;

describe("a charge", () => {
  test("comes before the handler, which gets the user and the verdicts", async () => {
    const route = withUsage(words(30), async (request, { params }: typeof context, { userId: id, body, verdicts }) => {
      expect(await used()).toBe(30);
      return json({ id, body, method: request.method, param: (await params).id, used: verdicts[0].used }, 201);
    });
    expect(await call(route)).toEqual({ status: 201, body: { id: userId, method: "POST", param: "7", used: 30 } });
    expect(await used()).toBe(30);
  });

  test("is one unit without an amount", async () => {
    await call(withUsage({ field: "parcels_sent" }, () => json({})));
    expect(await used("parcels_sent")).toBe(1);
  });

  test("that is refused answers 402 with the reason, counts nothing and does not run the handler", async () => {
    const handler = vi.fn(() => json({}));
    const route = withUsage(words(300), handler);
    expect(await call(route)).toMatchObject({ status: 200 });
    expect(await call(route)).toEqual({
      status: 402,
      body: {
        error: expect.stringContaining("200 left"),
        reason: "limit_reached",
        field: "stamps_used",
        limit: 500,
        used: 300,
        resetsAt: expect.any(String),
        plan: "free",
      },
    });
    expect(handler).toHaveBeenCalledTimes(1);
    expect(await used()).toBe(300);
  });

  test("allows exactly four of ten concurrent calls at the limit", async () => {
    let ran = 0;
    const route = withUsage(words(120), () => {
      ran += 1;
      return json({});
    });
    const answers = await Promise.all(Array.from({ length: 10 }, () => call(route)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(4);
    expect(answers.filter(({ status }) => status === 402)).toHaveLength(6);
    expect(ran).toBe(4);
    expect(await ledger(userId, "stamps_used")).toBe(480);
  });
});

describe("a release", () => {
  test.each([
    ["throws", () => Promise.reject(new Error("the model is down")), 500],
    [
      "throws at once",
      () => {
        throw new Error("the model is down");
      },
      500,
    ],
    ["throws a domain error", () => Promise.reject(new DomainError("not_found", "not_found", "Nothing there.")), 404],
    ["answers 500", () => json({}, 500), 500],
    ["answers 503", async () => json({}, 503), 503],
  ])("happens if the handler %s", async (_, handler: () => Response | Promise<Response>, status) => {
    await gateway.consume(userId, "stamps_used", 20);
    expect(await call(withUsage(words(30), handler))).toMatchObject({ status });
    expect(await used()).toBe(20);
    expect(await ledger(userId, "stamps_used")).toBe(20);
  });

  test.each([200, 204, 302, 400, 404, 422, 499])("does not happen if the handler answers %s", async (status) => {
    const route = withUsage(words(30), () => (status === 204 ? new Response(null, { status }) : json({}, status)));
    const session = `${localCookie()}=${await signLocalSession({ id: userId, email: null, name: null })}`;
    incoming.headers = new Headers({ cookie: session });
    expect((await route(new Request(`${APP}/api/work`, { method: "POST" }), context)).status).toBe(status);
    expect(await used()).toBe(30);
  });

  test("returns all fields of the charge", async () => {
    const route = withUsage({ body: z.strictObject({}), charges: () => [words(30), { field: "parcels_sent" }] }, () =>
      json({}, 500),
    );
    await call(route);
    expect(await used()).toBe(0);
    expect(await used("parcels_sent")).toBe(0);
  });

  test("counts on the day of the charge, also if the handler ran past midnight", async () => {
    await gateway.setSandboxClock(userId, Date.parse("2026-03-28T23:59:00Z"));
    await call(
      withUsage(words(30), async () => {
        await gateway.setSandboxClock(userId, Date.parse("2026-03-29T00:01:00Z"));
        await gateway.consume(userId, "stamps_used", 40);
        throw new Error("too late");
      }),
    );
    expect(await used()).toBe(40);
    expect((await gateway.usageHistory(userId, "stamps_used", 2)).days).toEqual([{ day: "2026-03-29", amount: 40 }]);
  });

  test("that fails does not replace the handler's answer", async () => {
    const route = withUsage(words(30), async () => {
      await query("delete from idempotency_keys where user_id = $1", [userId]);
      return json({ error: "No model today." }, 503);
    });
    expect(await call(route)).toEqual({ status: 503, body: { error: "No model today." } });
  });
});

describe("a charge by the request's body", () => {
  const body = z.strictObject({ text: z.string().min(1, { error: "is empty" }) });
  const route = withUsage(
    { body, charges: ({ text }) => [words(text.split(" ").length), { field: "parcels_sent" }] },
    (_request, _context: typeof context, { body: { text }, verdicts }) =>
      json({ text, used: verdicts.map((verdict) => verdict.used) }),
  );

  test("can count several fields together, each with its verdict", async () => {
    expect(await call(route, { body: { text: "one two three" } })).toEqual({
      status: 200,
      body: { text: "one two three", used: [3, 1] },
    });
  });

  test("counts no field if one is at its limit, which the 402 names", async () => {
    await gateway.consume(userId, "parcels_sent", 10);
    expect(await call(route, { body: { text: "one two three" } })).toMatchObject({
      status: 402,
      body: { field: "parcels_sent", limit: 10 },
    });
    expect(await used()).toBe(0);
  });

  test.each([
    ["a wrong body", { text: "" }, "text"],
    ["an unknown field", { text: "a", style: "b" }, "style"],
  ])("is refused for %s with a 400 that names the field", async (_, wrong, field) => {
    expect(await call(route, { body: wrong })).toMatchObject({ status: 400, body: { field } });
    expect(await ledger(userId, "stamps_used")).toBe(0);
  });
});

describe("a caller", () => {
  const handler = vi.fn(() => json({}));
  const route = withUsage(words(30), handler);

  test("without a session or with a forged one gets 401", async () => {
    for (const cookie of ["", `${localCookie()}=forged`])
      expect(await call(route, { cookie })).toMatchObject({ status: 401 });
  });

  test("from another site's page with our visitor's cookie gets 403", async () => {
    expect(await call(route, { origin: "https://evil.example" })).toMatchObject({
      status: 403,
      body: { reason: "foreign_origin" },
    });
    expect(await ledger(userId, "stamps_used")).toBe(0);
  });

  test("that is refused does not run the handler", () => expect(handler).not.toHaveBeenCalled());
});

test("a wrong field, a gauge and a wrong amount do not compile", () => {
  const mistakes = () => {
    // @ts-expect-error there is no such field
    withUsage({ field: "word_used" }, () => json({}));
    // @ts-expect-error a gauge cannot be charged
    withUsage({ field: "bays_count" }, () => json({}));
    // @ts-expect-error an amount is a number
    withUsage({ field: "stamps_used", amount: "1" }, () => json({}));
    // @ts-expect-error a charge needs a field
    withUsage({ amount: 1 }, () => json({}));
    const body = z.strictObject({ text: z.string() });
    // @ts-expect-error the body has no such key
    withUsage({ body, charges: ({ txt }) => ({ field: "stamps_used", amount: txt }) }, () => json({}));
    // @ts-expect-error a price by the body cannot charge a gauge
    withUsage({ body, charges: () => ({ field: "bays_count" }) }, () => json({}));
    // @ts-expect-error a handler returns a response
    withUsage({ field: "stamps_used" }, () => "done");
  };
  expect(mistakes).toBeTypeOf("function");
});
