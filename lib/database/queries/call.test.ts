import { expect, test } from "vitest";
import { z } from "zod";
import { databaseError } from "../errors";
import { callOver } from "./call";

const erased = () =>
  databaseError({
    code: "23503",
    message: 'insert or update on table "links" violates foreign key constraint "links_user_id_fkey"',
  });

function failing(error: () => Error, times: number) {
  let calls = 0;
  const transport = {
    async call() {
      calls += 1;
      if (calls <= times) throw error();
      return { done: true };
    },
    end: async () => {},
  };
  return { answer: callOver(transport)(z.object({ done: z.boolean() }), "link_customer", {}), calls: () => calls };
}

test("a call is repeated if the user is erased in between", async () => {
  const { answer, calls } = failing(erased, 2);
  expect(await answer).toEqual({ done: true });
  expect(calls()).toBe(3);
});

test("a call is unavailable, never broken, if the user is erased each time", async () => {
  const { answer, calls } = failing(erased, 3);
  await expect(answer).rejects.toMatchObject({ problem: "unavailable", code: "23503" });
  expect(calls()).toBe(3);
});

test.each([
  [
    "another foreign key",
    { code: "23503", message: 'violates foreign key constraint "catalog_limits_field_fkey"' },
    "broken",
  ],
  ["a lock that is not granted", { code: "55P03", message: "canceling statement due to lock timeout" }, "unavailable"],
])("%s is not repeated", async (_, raw, problem) => {
  const { answer, calls } = failing(() => databaseError(raw), 1);
  await expect(answer).rejects.toMatchObject({ problem });
  expect(calls()).toBe(1);
});
