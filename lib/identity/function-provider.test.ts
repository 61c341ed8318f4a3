/** The config's own function as the identity provider: what it returns, and the rules that stay in force. */
import type { Route } from "next";
import { redirect } from "next/navigation";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { currentConfig, provideConfig } from "@/lib/config/current-catalog";
import type { Identify } from "@/lib/config/identify";
import { log } from "@/lib/core/observability";
import { beforePage, currentUser, requireAdmin, requireGateUser, signInLocally, signOut } from ".";

const head = vi.hoisted(() => ({ headers: new Headers() }));
vi.mock("next/headers", () => ({ headers: async () => head.headers, cookies: async () => ({ set: () => undefined }) }));
vi.mock("next/server", () => ({ after: () => undefined }));
vi.mock("@/lib/rate-limit", () => ({ enterRequest: async () => undefined }));

const config = currentConfig();
const errors = vi.spyOn(log, "error");

const identifyBy = (identify: (request: Request) => unknown) =>
  provideConfig({ ...config, identify: identify as Identify });

beforeEach(() => {
  head.headers = new Headers();
  errors.mockClear();
});
afterEach(() => provideConfig(config));

const APP = "http://localhost:3000";
const request = (init: RequestInit = {}) => new Request("http://proxy.internal/api/usage?days=1", init);
const userOf = (identify: (request: Request) => unknown, init: RequestInit = {}) => {
  identifyBy(identify);
  return requireGateUser(request(init));
};

describe("the answer of the function", () => {
  test("names the user, in the normal form of user ids", async () => {
    const answer = { userId: "u\u0308ber", email: "a@example.com", name: "A", role: null, organization: "o1" };
    expect(await userOf(async () => answer)).toEqual({ id: "über", email: "a@example.com", name: "A", admin: false });
    expect(errors).not.toHaveBeenCalled();
  });

  test("needs only a user id", async () => {
    expect(await userOf(() => ({ userId: "a" }))).toEqual({ id: "a", email: null, name: null, admin: false });
  });

  test("makes an admin by the role admin only, beside ADMIN_USER_IDS", async () => {
    expect(await userOf(() => ({ userId: "a", role: "admin" }))).toMatchObject({ admin: true });
    for (const role of ["Admin", "administrator", "user", undefined])
      expect(await userOf(() => ({ userId: "a", role }))).toMatchObject({ admin: false });
    expect(await userOf(() => ({ userId: "admin" }))).toMatchObject({ admin: true });
    identifyBy(() => ({ userId: "a", role: "user" }));
    await expect(requireAdmin(request())).rejects.toMatchObject({ problem: "not_found" });
  });

  test("of an unusable e-mail address or name counts without it", async () => {
    const answer = { userId: "a", email: "a\u0000@example.com", name: "x".repeat(201) };
    expect(await userOf(() => answer)).toEqual({ id: "a", email: null, name: null, admin: false });
  });

  test("null is no user, and nothing is logged", async () => {
    await expect(userOf(() => null)).rejects.toMatchObject({ problem: "unauthenticated", reason: "not_signed_in" });
    expect(errors).not.toHaveBeenCalled();
  });

  test.each<[title: string, answer: unknown]>([
    ["undefined", undefined],
    ["a text", "a"],
    ["a list", [{ userId: "a" }]],
    ["no user id", { id: "a" }],
    ["an empty user id", { userId: "" }],
    ["a number as the user id", { userId: 1 }],
    ["a user id with a control character", { userId: "a\u0000b" }],
    ["a long user id", { userId: "x".repeat(256) }],
    ["a list of roles", { userId: "a", role: ["admin"] }],
    [
      "a property that throws",
      {
        get userId() {
          throw new Error("broken");
        },
      },
    ],
  ])("%s is logged and is no user", async (_title, answer) => {
    await expect(userOf(() => answer)).rejects.toMatchObject({ problem: "unauthenticated" });
    expect(errors).toHaveBeenCalledOnce();
  });

  test.each<[title: string, identify: () => unknown]>([
    [
      "an error",
      () => {
        throw new Error("the session store is down");
      },
    ],
    ["a rejected promise", () => Promise.reject(new Error("the session store is down"))],
    ["a redirect", () => redirect("/login" as Route)],
  ])("%s in a route is logged and is no user", async (_title, identify) => {
    await expect(userOf(identify)).rejects.toMatchObject({ problem: "unauthenticated" });
    expect(errors).toHaveBeenCalledOnce();
  });
});

describe("the request of the function", () => {
  test("has the route's headers, path and method at our own origin, and no body", async () => {
    let seen: Request | undefined;
    const init = { method: "POST", body: "{}", headers: { cookie: "session=1", "x-forwarded-host": "evil.example" } };
    const sent = request(init);
    identifyBy((each) => {
      seen = each;
      return { userId: "a" };
    });
    await requireGateUser(sent);
    expect([seen?.url, seen?.method, seen?.body]).toEqual([`${APP}/api/usage?days=1`, "POST", null]);
    expect(seen?.headers.get("cookie")).toBe("session=1");
    expect(await sent.text()).toBe("{}");
  });

  test("of a page has the page's headers", async () => {
    head.headers = new Headers({ cookie: "session=2" });
    identifyBy(({ url, headers }) => ({ userId: `${url} ${headers.get("cookie")}` }));
    expect(await currentUser()).toMatchObject({ id: `${APP}/ session=2` });
  });
});

describe("with a function", () => {
  test("a write from another site's page is refused", async () => {
    const user = () => ({ userId: "a" });
    for (const headers of [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }])
      for (const method of ["POST", "PUT", "DELETE"])
        await expect(userOf(user, { method, headers })).rejects.toMatchObject({ reason: "foreign_origin" });
    expect(await userOf(user, { method: "POST", headers: { origin: APP } })).toMatchObject({ id: "a" });
  });

  test("a redirect in a page is Next's own, and an error is no user", async () => {
    identifyBy(() => redirect("/login" as Route));
    await expect(currentUser()).rejects.toThrow("NEXT_REDIRECT");
    identifyBy(() => Promise.reject(new Error("the session store is down")));
    expect(await currentUser()).toBeNull();
  });

  test("signing in and out are the installation's own, and a page needs no preparation", async () => {
    identifyBy(() => ({ userId: "a" }));
    const post = request({ method: "POST", headers: { origin: APP } });
    await expect(signOut(post)).rejects.toMatchObject({ problem: "not_found" });
    await expect(signInLocally(post)).rejects.toMatchObject({ problem: "not_found" });
    expect(await beforePage(request())).toBeNull();
  });
});
