/** The Supabase transport names the schema, and its error names the setting if the project's API does not serve it. */
import { expect, inject, test } from "vitest";
import { startFakePostgrest } from "@/tests/fakes/postgrest";
import { testDatabase } from "@/tests/support/database";
import { databaseUrl } from "@/tests/support/database-url";
import { JWT_SECRET, SERVICE_KEY } from "@/tests/support/transports";
import { supabaseTransport } from "./transports/supabase";

const database = testDatabase();

async function ping(schemas: readonly string[]): Promise<unknown> {
  const fake = await startFakePostgrest({
    databaseUrl: databaseUrl(inject("authenticatorUrl"), new URL(database.url).pathname.slice(1)),
    keys: { [SERVICE_KEY]: "service_role" },
    jwtSecret: JWT_SECRET,
    schemas,
  });
  const transport = supabaseTransport({ url: fake.url, secretKey: SERVICE_KEY });
  try {
    return await transport.call("ping", {});
  } finally {
    await transport.end();
    await fake.stop();
  }
}

test("calls reach tollgate with any default schema of the API", async () => {
  expect(await ping(["public", "tollgate"])).toEqual({ ok: true });
  expect(await ping(["tollgate"])).toEqual({ ok: true });
});

test("without the schema in the API the error names the setting", async () => {
  await expect(ping(["public"])).rejects.toMatchObject({
    problem: "broken",
    code: "PGRST106",
    message: expect.stringMatching(/Add tollgate to the exposed schemas .*docs\/supabase\.md/),
  });
});
