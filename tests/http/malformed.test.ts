/** Methods, parameters and server actions that Next or our code cannot read: an answer below 500, with our headers. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, describe, expect, inject, test } from "vitest";
import { type AppAnswer, appServer, SANDBOX } from "@/tests/support/app-server";
import { testDatabase } from "@/tests/support/database";
import { PAGES } from "./routes";

const database = testDatabase();
const app = appServer(() => ({
  ...SANDBOX,
  DATABASE_URL: database.url,
}));

let admin: Record<string, string> = {};
beforeAll(async () => {
  const { cookies } = await app.send("/api/auth/local", { method: "POST", body: { userId: "admin" } });
  admin = { cookie: cookies.map((each) => each.split(";")[0]).join("; "), origin: app.url };
});

function expectRefusal({ status, headers }: AppAnswer, what: string): void {
  expect(status, what).toBeLessThan(500);
  expect(headers["x-content-type-options"], what).toBe("nosniff");
  expect(headers["content-security-policy"], what).toBeTruthy();
}

test.each(["/", "/billing", "/api/health", "/api/subscription/usage", "/nothing", "/api/nothing"])(
  "TRACE %s is refused below 500",
  async (where) => expectRefusal(await app.send(where, { method: "TRACE", headers: admin }), where),
);

test("parameters with the names of object properties are never a 500, on every page", async () => {
  for (const page of Object.keys(PAGES).filter((each) => !each.includes("[")))
    for (const name of ["constructor", "toString", "__proto__", "hasOwnProperty", "then"]) {
      const asked = `${page}?${name}=1&${name}=2`;
      expect((await app.send(asked, { headers: admin })).status, asked).toBeLessThan(500);
    }
});

describe("server actions", () => {
  const form = (fields: Record<string, string>) =>
    `${Object.entries(fields)
      .map(([name, value]) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
      .join("")}--x--\r\n`;
  const multipart = "multipart/form-data; boundary=x";
  const BODIES: [type: string, body: string][] = [
    ["text/plain;charset=UTF-8", "[]"],
    ["text/plain;charset=UTF-8", "[null,7]"],
    ["text/plain;charset=UTF-8", "{"],
    ["text/plain;charset=UTF-8", '["$Q1"]'],
    [multipart, form({ 0: "[]" })],
    [multipart, "nothing"],
    ["multipart/form-data", "nothing"],
  ];
  let ids: string[] = [];
  beforeAll(() => {
    const manifest = path.join(inject("distDir"), "server", "server-reference-manifest.json");
    ids = Object.keys(JSON.parse(readFileSync(manifest, "utf8")).node);
    expect(ids.length).toBeGreaterThan(5);
  });
  const post = (headers: Record<string, string>, body: string) =>
    app.send("/billing", { method: "POST", headers: { ...admin, ...headers }, body });

  test("with unreadable arguments are refused below 500", async () => {
    for (const id of ids)
      for (const [type, body] of BODIES) {
        const answer = await post({ "next-action": id, "content-type": type }, body);
        expectRefusal(answer, `${id} ${type} ${body}`);
      }
  });

  test("by an unreadable or incomplete form without script are refused below 500", async () => {
    for (const body of [
      "nothing",
      "--x",
      "--x\r\nContent-Disposition: form-data\r\n\r\n--x--",
      `${form({ a: "b" })}--x`,
    ])
      expectRefusal(await post({ "content-type": multipart }, body), body);
    for (const id of ids) {
      const forms: Record<string, string>[] = [
        { [`$ACTION_ID_${id}`]: "" },
        { $ACTION_REF_1: "", "$ACTION_1:0": JSON.stringify({ id, bound: null }) },
        { $ACTION_REF_1: "", "$ACTION_1:0": "{" },
        { $ACTION_REF_1: "" },
      ];
      for (const fields of forms)
        expectRefusal(await post({ "content-type": multipart }, form(fields)), JSON.stringify(fields));
    }
  });
});
