import { describe, expect, test } from "vitest";
import { readEnv } from "../env";
import { createLog } from "./log";
import { inRequest } from "./request";

const SECRETS = {
  DATABASE_URL: "postgres://app:pass-of-database@db.example.com/app",
  SUPABASE_SECRET_KEY: "sb_secret_abcdefgh",
  CLERK_SECRET_KEY: "a-clerk-key-of-any-shape",
  STRIPE_SECRET_KEY: "sk_live_abcdefgh",
  STRIPE_WEBHOOK_SECRET: "whsec_one,second-secret-of-any-shape",
  PADDLE_API_KEY: "pdl_live_apikey_abc",
  PADDLE_WEBHOOK_SECRET: "paddle-secret-of-any-shape",
  USAGE_API_KEY: "usage-key-of-any-shape",
  CRON_SECRET: "cron-secret-of-any-shape",
  METRICS_TOKEN: "metrics-token-of-any-shape",
  TOLLGATE_LOCAL_SECRET: "local-secret-of-any-shape-that-is-long",
};

function logged(write: (log: ReturnType<typeof createLog>) => void): string {
  let text = "";
  const destination = {
    write: (line: string) => {
      text += line;
    },
  };
  write(createLog(readEnv({ ...SECRETS, LOG_LEVEL: "info" }), destination));
  return text;
}

const plain = Object.entries(SECRETS).flatMap(([name, value]): [string, string][] =>
  name === "DATABASE_URL" ? [[name, "pass-of-database"]] : value.split(",").map((each) => [name, each]),
);

describe.each(plain)("%s", (_, secret) => {
  test.each<[string, (log: ReturnType<typeof createLog>) => void]>([
    ["in the message", (log) => log.info(`it was ${secret}!`)],
    ["in a field", (log) => log.info({ note: `it was ${secret}!` }, "x")],
    ["in a nested field", (log) => log.warn({ a: [{ b: { c: secret } }] }, "x")],
    ["in an error", (log) => log.error({ error: new Error(`refused ${secret}`) }, "x")],
    ["in an error's stack as text", (log) => log.error({ stack: new Error(secret).stack }, "x")],
    [
      "in a connection string",
      (log) => log.error({ error: `cannot getProcessor postgres://app:${secret}@db/app` }, "x"),
    ],
  ])("%s", (_, write) => {
    const text = logged(write);
    expect(text).not.toContain(secret);
    expect(text).toContain("[redacted]");
  });
});

test.each([
  ["authorization", "Basic abc"],
  ["cookie", "a=b"],
  ["stripe-signature", "t=1,v1=0"],
  ["password", "correct horse"],
  ["access_token", "opaque"],
  ["refreshToken", "opaque"],
  ["apiKey", "opaque"],
  ["headers", { host: "x" }],
  ["payload", { email: "person@example.com" }],
])("a field with the name %s is redacted, with any value", (name, value) => {
  for (const fields of [{ [name]: value }, { request: { [name]: value } }])
    expect(JSON.parse(logged((log) => log.info(fields, "x"))), name).toMatchObject(
      "request" in fields ? { request: { [name]: "[redacted]" } } : { [name]: "[redacted]" },
    );
});

test("tokens of other systems are redacted by their shape", () => {
  const token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1c2VyXzEifQ.c2lnbmF0dXJl";
  const text = logged((log) =>
    log.info({ error: `Bearer ${token}`, also: token, key: "sk_test_4eC39HqLyjWDarjtT1zdp7dc" }, token),
  );
  expect(text).not.toContain(token);
  expect(text).not.toContain("4eC39HqLyjWDarjtT1zdp7dc");
});

test("a value that is not a secret is unchanged", () => {
  const fields = {
    userId: "user_1",
    product: "mail",
    field: "stamps_used",
    amount: 5,
    at: null,
    ok: true,
    ids: ["evt_1"],
  };
  expect(JSON.parse(logged((log) => log.info(fields, "Counted")))).toMatchObject({ ...fields, msg: "Counted" });
});

test("a log line has the id of its request", () => {
  const inside = logged((log) => inRequest("req-7", () => log.info("inside")));
  expect(JSON.parse(inside)).toMatchObject({ msg: "inside", requestId: "req-7" });
  expect(JSON.parse(logged((log) => log.info("outside")))).not.toHaveProperty("requestId");
});
