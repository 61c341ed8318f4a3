import { expect, test } from "vitest";
import { createGateway } from "@/lib/database/gateway";
import { testDatabase } from "@/tests/support/database";
import { health } from "./health";

const database = testDatabase();
const gateway = createGateway(database.transport());

test("a migrated database answers", async () => {
  expect(await health(() => gateway.ping())).toEqual({ alive: true, ready: true, database: "answers" });
});

test("a database without the schema is not migrated, and the answer names the command", async () => {
  await database.pool().query("alter schema tollgate rename to elsewhere");
  try {
    expect(await health(() => gateway.ping())).toEqual({
      alive: true,
      ready: false,
      database: "not_migrated",
      advice: expect.stringContaining("tollgate migrate"),
    });
  } finally {
    await database.pool().query("alter schema elsewhere rename to tollgate");
  }
});

test("a database that does not answer is not called unmigrated", async () => {
  expect(await health(() => Promise.reject(new Error("connect ECONNREFUSED")))).toEqual({
    alive: true,
    ready: false,
    database: "does_not_answer",
  });
});
