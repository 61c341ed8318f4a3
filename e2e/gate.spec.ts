/** The gate over HTTP: access rights, retries, reservations and exact limits. */
import { expect, test } from "@playwright/test";
import { amounts, call, GATE, history } from "./support/gate-calls";
import { consume, meterOf, newUserId, signIn } from "./support/users";

test.describe("access rights", () => {
  const words = { field: "words_used", amount: 1 };
  const ACTIONS = {
    consume: words,
    release: words,
    reserve: { ...words, ttlSeconds: 60 },
    settle: { reservationId: "00000000-0000-4000-8000-000000000000", amount: 1 },
  };

  for (const [action, body] of Object.entries(ACTIONS)) {
    test(`${action}: 401 without identity or with a wrong key, 403 from another origin`, async ({ page, request }) => {
      const userId = newUserId("caller");
      const data = { ...body, userId };
      expect(await call(request, action, data, {})).toMatchObject({ status: 401, body: { reason: "not_signed_in" } });
      for (const authorization of [
        "Bearer sandbox-usage-kez",
        "Bearer ",
        "Basic sandbox-usage-key",
        "sandbox-usage-key",
      ])
        expect((await call(request, action, data, { authorization })).status, authorization).toBe(401);

      await signIn(page, userId);
      // A session does not make up for a wrong key.
      expect((await call(page.request, action, data, { authorization: "Bearer wrong" })).status).toBe(401);
      expect((await call(page.request, action, data, { origin: "https://evil.example" })).status).toBe(403);
      expect((await page.request.get(`${GATE}/${action}`)).status()).toBe(405);
      expect(await amounts(request, userId)).toEqual({ used: 0, remaining: 500 });
    });
  }

  for (const action of ["release", "reserve", "settle"] as const)
    test(`${action}: 403 for a session without the service's key`, async ({ page, request }) => {
      const userId = newUserId("self");
      await signIn(page, userId);
      await consume(page.request, "words_used", 40);
      expect(await call(page.request, action, { ...ACTIONS[action], userId }, {})).toMatchObject({
        status: 403,
        body: { reason: "service_key_required" },
      });
      expect(await amounts(request, userId)).toEqual({ used: 40, remaining: 460 });
    });

  test("history: a session reads only its own", async ({ page, request }) => {
    const userId = newUserId("past");
    expect((await history(request, "field=words_used")).status).toBe(401);
    await call(request, "consume", { userId: `${userId}-other`, ...words, amount: 9 });
    await signIn(page, userId);
    await consume(page.request, "words_used", 12);
    const today = new Date().toISOString().slice(0, 10);
    expect(await history(page.request, "field=words_used&days=1")).toEqual({
      status: 200,
      body: { userId, field: "words_used", from: today, to: today, days: [{ day: today, amount: 12 }] },
    });
    expect(await history(page.request, `field=words_used&userId=${userId}-other`)).toMatchObject({
      status: 403,
      body: { reason: "another_user" },
    });
  });
});

test.describe("retries", () => {
  test("the same key gives the same verdict and one charge, also concurrently; another body gets 409", async ({
    request,
  }) => {
    const userId = newUserId("retry");
    const once = { userId, field: "words_used", amount: 30, idempotencyKey: "job-1" };
    const first = await Promise.all(Array.from({ length: 8 }, () => call(request, "consume", once)));
    await call(request, "consume", { userId, field: "words_used", amount: 100 });
    const again = await call(request, "consume", once);
    expect(new Set([...first, again].map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(again).toMatchObject({ status: 200, body: { allowed: true, used: 30, remaining: 470 } });
    expect(await call(request, "consume", { ...once, amount: 31 })).toMatchObject({
      status: 409,
      body: { reason: "key_reused" },
    });
    expect(await amounts(request, userId)).toEqual({ used: 130, remaining: 370 });
  });

  test("a denied call is evaluated again at a retry", async ({ request }) => {
    const userId = newUserId("denied");
    const large = { userId, field: "words_used", amount: 400, idempotencyKey: "large" };
    await call(request, "consume", { userId, field: "words_used", amount: 200, idempotencyKey: "small" });
    expect(await call(request, "consume", large)).toMatchObject({ status: 200, body: { allowed: false } });
    await call(request, "release", { userId, field: "words_used", amount: 200, of: "small" });
    expect(await call(request, "consume", large)).toMatchObject({ body: { allowed: true, used: 400 } });
  });

  test("a key releases once, and never more than was charged", async ({ request }) => {
    const userId = newUserId("back");
    await call(request, "consume", { userId, field: "words_used", amount: 50, idempotencyKey: "job" });
    const release = { userId, field: "words_used", amount: 30, of: "job", idempotencyKey: "undo" };
    for (const _ of [1, 2])
      expect(await call(request, "release", release)).toMatchObject({ body: { givenBack: 30, used: 20 } });
    expect(await call(request, "release", { ...release, idempotencyKey: "more" })).toMatchObject({
      body: { givenBack: 20 },
    });
    expect(await call(request, "release", { ...release, of: "unknown" })).toMatchObject({ status: 409 });
    expect(await call(request, "release", { ...release, of: "unknown", idempotencyKey: "new" })).toMatchObject({
      status: 404,
      body: { reason: "charge_not_found", field: "of" },
    });
    expect(await amounts(request, userId)).toEqual({ used: 0, remaining: 500 });
  });
});

test.describe("reservations", () => {
  test("settled to less, once; the user sees the reserved amount before", async ({ page, request }) => {
    const userId = newUserId("reserved");
    await signIn(page, userId);
    const reserve = { userId, field: "words_used", amount: 300, ttlSeconds: 60, idempotencyKey: "stream" };
    const reserved = await call(request, "reserve", reserve);
    expect(reserved).toMatchObject({
      status: 200,
      body: {
        allowed: true,
        used: 0,
        remaining: 200,
        reservationId: expect.any(String),
        expiresAt: expect.any(String),
      },
    });
    expect(await call(request, "reserve", reserve)).toEqual(reserved);
    expect(await meterOf(page.request, "writer")).toEqual({ used: 0, limit: 500, remaining: 200 });
    expect((await consume(page.request, "words_used", 201)).body).toMatchObject({ allowed: false });

    const settle = { userId, reservationId: reserved.body.reservationId, amount: 120 };
    const settled = await call(request, "settle", settle);
    expect(settled).toMatchObject({ body: { settled: 120, unsettled: 0, expired: false, used: 120, remaining: 380 } });
    expect(await call(request, "settle", settle)).toEqual(settled);
    expect(await call(request, "settle", { ...settle, amount: 121 })).toMatchObject({
      status: 409,
      body: { reason: "already_settled" },
    });
    expect(await call(request, "settle", { ...settle, userId: `${userId}-other` })).toMatchObject({ status: 404 });
    expect(await meterOf(page.request, "writer")).toEqual({ used: 120, limit: 500, remaining: 380 });
  });

  test("refused above the limit; settled to more only up to the limit", async ({ request }) => {
    const userId = newUserId("more");
    const words = { userId, field: "words_used" };
    await call(request, "consume", { ...words, amount: 450 });
    expect(await call(request, "reserve", { ...words, amount: 51, ttlSeconds: 60 })).toMatchObject({
      status: 200,
      body: { allowed: false, reservationId: null, reason: "limit_reached" },
    });
    const { body } = await call(request, "reserve", { ...words, amount: 20, ttlSeconds: 60 });
    expect(await call(request, "settle", { userId, reservationId: body.reservationId, amount: 80 })).toMatchObject({
      body: { allowed: false, settled: 50, unsettled: 30, used: 500 },
    });
  });

  test("expire without a job", async ({ request }) => {
    const userId = newUserId("ends");
    const { body } = await call(request, "reserve", { userId, field: "words_used", amount: 500, ttlSeconds: 1 });
    expect(body).toMatchObject({ allowed: true, used: 0, remaining: 0 });
    await expect.poll(async () => (await amounts(request, userId)).remaining).toBe(500);
    expect(await call(request, "settle", { userId, reservationId: body.reservationId, amount: 40 })).toMatchObject({
      body: { settled: 40, expired: true, used: 40 },
    });
  });
});

test("of 64 concurrent calls near the limit, exactly the remaining 25 pass", async ({ page, request }) => {
  const userId = newUserId("rush");
  await signIn(page, userId);
  await consume(page.request, "words_used", 475);
  const calls = Array.from({ length: 64 }, (_, index) =>
    call(request, "consume", { userId, field: "words_used", amount: 1, idempotencyKey: `call-${index}` }),
  );
  const answers = await Promise.all(calls);
  expect(answers.every(({ status }) => status === 200)).toBe(true);
  const passed = answers.filter(({ body }) => body.allowed).map(({ body }) => body.used as number);
  expect(passed.sort((a, b) => a - b)).toEqual(Array.from({ length: 25 }, (_, index) => 476 + index));
  expect(answers.filter(({ body }) => !body.allowed).every(({ body }) => body.used === 500)).toBe(true);
  expect(await meterOf(page.request, "writer")).toEqual({ used: 500, limit: 500, remaining: 0 });
  const today = (await history(page.request, "field=words_used&days=1")).body.days;
  expect(today).toMatchObject([{ amount: 500 }]);
});
