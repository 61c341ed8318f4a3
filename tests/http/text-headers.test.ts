/** Tokens and headers with unusable text: no session, or no effect, and never a 500. */
import { SignJWT } from "jose";
import { beforeAll, describe, expect, test } from "vitest";
import { appServer, SANDBOX } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";
import { PAGES, SAMPLES } from "./routes";

const database = testDatabase();
const app = appServer(() => ({ ...SANDBOX, DATABASE_URL: database.url }));

let cookie = "";
beforeAll(async () => {
  const { cookies } = await app.send("/api/auth/local", { method: "POST", body: { userId: "admin" } });
  cookie = cookies.map((each) => each.split(";")[0]).join("; ");
});
const parameter = /\[(\.\.\.)?\w+\]/g;

describe("a token", () => {
  const signed = (claims: Record<string, unknown>, sub: string) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(sub)
      .setIssuer("tollgate-local")
      .setIssuedAt()
      .setExpirationTime("1 hour")
      .sign(new TextEncoder().encode(SANDBOX.TOLLGATE_LOCAL_SECRET));
  const asked = async (path: string, token: string) =>
    app.send(path, { headers: { cookie: `${cookie.split("=")[0]}=${token}` } });

  test.each(["\0", "a\0b", "a\ud800", "a\nb", "", "x".repeat(256)])(
    "with an unusable user id gives no session: %j",
    async (sub) => {
      const token = await signed({}, sub);
      expect((await asked("/api/subscription/usage", token)).status).toBe(401);
      expect((await asked("/api/account/export", token)).status).toBe(401);
      expect((await asked("/usage", token)).headers.location).toBe("/sign-in?next=%2Fusage");
      expect((await asked("/", token)).status).toBe(200);
    },
  );

  test("with an unusable e-mail address and name gives a session without them", async () => {
    const token = await signed({ email: "a\0@b.example", name: "\ud800" }, "odd-profile");
    expect((await asked("/api/subscription/usage", token)).status).toBe(200);
    await expect
      .poll(
        async () => (await database.pool().query("select email, name from users where user_id = 'odd-profile'")).rows,
      )
      .toEqual([{ email: null, name: null }]);
  });

  test("with a user id in another normal form gives the same user's session", async () => {
    const { json } = await asked("/api/subscription/usage", await signed({}, "Zoe\u0301"));
    expect(json).toMatchObject({ userId: "Zo\u00e9" });
  });
});

describe("a header", () => {
  const TREES = ["x", "%E0%A4%A", "%00", "[]", "{", "%5B%22%22%5D", '["",{"children":5}]', "x".repeat(15_000)];

  test.each(TREES)("next-router-state-tree: %s", async (tree) => {
    for (const route of Object.keys(PAGES)) {
      const path = (SAMPLES[route] ?? route).replaceAll(parameter, "x");
      for (const headers of [{ rsc: "1" }, { rsc: "1", "next-router-prefetch": "1" }, {}] as Record<string, string>[])
        for (const method of ["GET", "POST"]) {
          const request = { method, headers: { cookie, ...headers, "next-router-state-tree": tree } };
          let answer = await app.send(path, request);
          // Next redirects a request without the right hash of its headers to the address with the hash.
          const { location } = answer.headers;
          if (answer.status === 307 && location?.includes("_rsc")) answer = await app.send(location, request);
          expect(answer.status, `${method} ${path}`).toBeLessThan(500);
        }
    }
  });

  test("with a tree of Next itself has its effect", async () => {
    const request = (tree: object) => ({
      headers: { cookie, rsc: "1", "next-router-state-tree": encodeURIComponent(JSON.stringify(tree)) },
    });
    const tree = (page: string) => [
      "",
      { children: ["(product)", { children: [page, { children: ["__PAGE__", {}] }] }] },
    ];
    const read = async (of: object) => {
      const first = await app.send("/usage", request(of));
      const { location } = first.headers;
      return location ? app.send(location, request(of)) : first;
    };
    const [partial, whole] = [await read(tree("writer")), await read(["", {}])];
    expect(partial.status).toBe(200);
    expect(partial.text.length).toBeLessThan(whole.text.length);
  });

  test.each(["accept-language", "cookie", "x-request-id", "user-agent", "x-forwarded-for", "authorization"])(
    "%s",
    async (name) => {
      for (const value of ["%00", "\u00ff\u00fe", "x".repeat(5_000), ";;;=", "Bearer \u00ff"])
        for (const path of ["/", "/usage", "/api/subscription/usage"])
          expect((await app.send(path, { headers: { [name]: value } })).status, `${name} ${path}`).toBeLessThan(500);
    },
  );
});

test("a path that names a page's data file is 404", async () => {
  for (const path of ["/billing.rsc", "/index.rsc", "/.rsc"])
    for (const headers of [{}, { cookie }] as Record<string, string>[])
      expect((await app.send(path, { headers })).status, path).toBe(404);
});
