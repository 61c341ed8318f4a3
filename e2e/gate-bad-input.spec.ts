/** Bad input of the gate over HTTP: the answer names the field, and nothing is counted. */
import { expect, test } from "@playwright/test";
import { amounts, call, GATE, history, KEY } from "./support/gate-calls";
import { newUserId, signIn } from "./support/users";

test.describe("bad input gets a 400 that names the field, and counts nothing", () => {
  const AMOUNTS = ["0", "-1", "1.5", '"1"', "null", "1e400", "9007199254740993", "[1]", "true", "{}"];

  test("amounts", async ({ request }) => {
    const userId = newUserId("amount");
    const { body: reserved } = await call(request, "reserve", {
      userId,
      field: "words_used",
      amount: 10,
      ttlSeconds: 60,
    });
    const bodies: [string, (amount: string) => string][] = [
      ["consume", (amount) => `{"userId":"${userId}","field":"words_used","amount":${amount}}`],
      ["release", (amount) => `{"userId":"${userId}","field":"words_used","amount":${amount}}`],
      ["reserve", (amount) => `{"userId":"${userId}","field":"words_used","ttlSeconds":60,"amount":${amount}}`],
      ["settle", (amount) => `{"userId":"${userId}","reservationId":"${reserved.reservationId}","amount":${amount}}`],
    ];
    for (const [action, bodyOf] of bodies)
      for (const amount of AMOUNTS) {
        // Settling to 0 is valid: it releases everything.
        if (action === "settle" && amount === "0") continue;
        const response = await request.post(`${GATE}/${action}`, { data: Buffer.from(bodyOf(amount)), headers: KEY });
        expect(response.status(), `${action} ${amount}`).toBe(400);
        expect(await response.json(), `${action} ${amount}`).toMatchObject({
          field: "amount",
          error: expect.any(String),
        });
      }
    expect(await amounts(request, userId)).toEqual({ used: 0, remaining: 490 });
  });

  test("fields, users, keys, times and unknown parameters", async ({ request }) => {
    const userId = newUserId("input");
    const words = { userId, field: "words_used", amount: 1 };
    const reservationId = "00000000-0000-4000-8000-000000000000";
    const cases: [action: string, body: object, field: string][] = [
      ["consume", { ...words, field: "word_used" }, "field"],
      ["consume", { ...words, field: "words_used'; drop table subscriptions; --" }, "field"],
      ["consume", { ...words, field: "__proto__" }, "field"],
      ["consume", { ...words, field: ["words_used"] }, "field"],
      ["consume", { userId, amount: 1 }, "field"],
      ["consume", { field: "words_used" }, "userId"],
      ["consume", { ...words, userId: "" }, "userId"],
      ["consume", { ...words, userId: "a\u0000b" }, "userId"],
      ["consume", { ...words, userId: "a\nb" }, "userId"],
      ["consume", { ...words, userId: "x".repeat(256) }, "userId"],
      ["consume", { ...words, userId: { $ne: null } }, "userId"],
      ["consume", { ...words, userId: 7 }, "userId"],
      ["consume", { ...words, amout: 2 }, "amout"],
      ["consume", { ...words, idempotencyKey: "" }, "idempotencyKey"],
      ["consume", { ...words, idempotencyKey: "k".repeat(256) }, "idempotencyKey"],
      ["release", { ...words, of: "" }, "of"],
      ["release", { field: "words_used", amount: 1 }, "userId"],
      ["reserve", words, "ttlSeconds"],
      ["reserve", { ...words, ttlSeconds: 0 }, "ttlSeconds"],
      ["reserve", { ...words, ttlSeconds: 86_401 }, "ttlSeconds"],
      ["reserve", { ...words, ttlSeconds: 1.5 }, "ttlSeconds"],
      ["reserve", { userId, field: "words_used", ttlSeconds: 60 }, "amount"],
      ["settle", { userId, reservationId: "1", amount: 1 }, "reservationId"],
      ["settle", { reservationId, amount: 1 }, "userId"],
    ];
    for (const [action, body, field] of cases) {
      const answer = await call(request, action, body);
      expect(answer, `${action} ${JSON.stringify(body)}`).toMatchObject({ status: 400, body: { field } });
    }
    for (const action of ["consume", "release", "reserve"])
      expect(
        await call(request, action, {
          ...words,
          field: "chatbots_count",
          ...(action === "reserve" && { ttlSeconds: 60 }),
        }),
      ).toMatchObject({ status: 400, body: { reason: "field_is_gauge", field: "field" } });
    for (const data of ["", "{", "null", "[]", '"words_used"', "\u0000"])
      expect((await request.post(`${GATE}/consume`, { data: Buffer.from(data), headers: KEY })).status(), data).toBe(
        400,
      );
    expect((await request.post(`${GATE}/consume`, { data: Buffer.alloc(1_048_577, 32), headers: KEY })).status()).toBe(
      413,
    );
    expect(await call(request, "settle", { userId, reservationId, amount: 1 })).toMatchObject({
      status: 404,
      body: { reason: "reservation_not_found" },
    });
    expect(await amounts(request, userId)).toEqual({ used: 0, remaining: 500 });
  });

  test("the field and days of the history", async ({ page }) => {
    await signIn(page, newUserId("days"));
    for (const query of ["", "field=nothing", "field=words_used&field=x"])
      expect(await history(page.request, query), query).toMatchObject({ status: 400, body: { field: "field" } });
    for (const days of ["0", "-1", "401", "1.5", "many", "", "1e9"])
      expect(await history(page.request, `field=words_used&days=${days}`), days).toMatchObject({
        status: 400,
        body: { field: "days" },
      });
    expect(await history(page.request, "field=words_used&day=3")).toMatchObject({
      status: 400,
      body: { field: "day" },
    });
  });

  test("ids that look alike are different users, but two encodings of one id are one user", async ({ request }) => {
    const userId = newUserId("caf");
    const ids = [`${userId}\u00e9`, `${userId}\u0435`, `${userId}\u00e9 `, `${userId}\u00c9`];
    for (const [index, id] of ids.entries())
      await call(request, "consume", { userId: id, field: "words_used", amount: index + 1 });
    for (const [index, id] of ids.entries()) expect((await amounts(request, id)).used, id).toBe(index + 1);
    expect((await amounts(request, `${userId}e\u0301`)).used).toBe(1);
  });
});
