import { expect, test } from "vitest";
import { isOwnSession, issuerOf } from "./clerk-session";

const KEY = `pk_live_${btoa("clerk.example.com$")}`;
const ORIGIN = "https://app.example.com";
const SESSION = { iss: "https://clerk.example.com", sid: "sess_1", azp: ORIGIN, sub: "user_1" };

test.each([
  ["a session token", SESSION, true],
  ["a session for our own audience", { ...SESSION, aud: ORIGIN }, true],
  ["a session without audiences in its list", { ...SESSION, aud: [] }, true],
  ["another instance", { ...SESSION, iss: "https://clerk.example.org" }, false],
  ["the instance over http", { ...SESSION, iss: "http://clerk.example.com" }, false],
  ["the instance with a slash", { ...SESSION, iss: "https://clerk.example.com/" }, false],
  ["no issuer", { ...SESSION, iss: undefined }, false],
  ["an issuer that is a list", { ...SESSION, iss: [SESSION.iss] }, false],
  ["a foreign audience", { ...SESSION, aud: "https://api.example.org" }, false],
  ["a foreign audience beside ours", { ...SESSION, aud: [ORIGIN, "https://api.example.org"] }, false],
  ["an audience that is not text", { ...SESSION, aud: 7 }, false],
  ["no session id", { ...SESSION, sid: undefined }, false],
  ["an empty session id", { ...SESSION, sid: "" }, false],
  ["no claims", null, false],
])("isOwnSession: %s", (_, claims, expected) => {
  expect(isOwnSession(claims, { publishableKey: KEY, origin: ORIGIN })).toBe(expected);
});

test.each([
  ["pk_test_of_nothing", null],
  [undefined, null],
  [`pk_live_${btoa("clerk.example.com")}`, null],
  [`pk_live_${btoa("clerk.example.com/evil$")}`, null],
  [`sk_live_${btoa("clerk.example.com$")}`, null],
  [`pk_test_${btoa("brave-cat-7.clerk.accounts.dev$")}`, "https://brave-cat-7.clerk.accounts.dev"],
])("issuerOf(%s)", (key, issuer) => expect(issuerOf(key)).toBe(issuer));

test("without a readable publishable key no token is a session", () => {
  for (const iss of ["null", "https://undefined", SESSION.iss])
    expect(isOwnSession({ ...SESSION, iss }, { publishableKey: "pk_test_x", origin: ORIGIN })).toBe(false);
});
