/** The page of Paddle's checkout checks if a transaction was made for another user. */
import { afterAll, expect, test } from "vitest";
import { testDatabase } from "@/tests/support/database";
import { createGateway } from "./gateway";

const database = testDatabase();
const gateway = createGateway(database.transport());
afterAll(() => gateway.end());

test("only a transaction that our server made for another user is reported", async () => {
  const spec = { product: "mail", plan: "silver", interval: "monthly", trial: false, processor: "paddle" } as const;
  await gateway.ensureUser("buyer", null, null);
  const begun = await gateway.beginCheckout({ ...spec, userId: "buyer" });
  if (begun.outcome !== "begun") throw new Error(begun.outcome);
  await gateway.openCheckout("buyer", begun.checkout.id, "txn_bought", "http://localhost/pay");
  expect(await gateway.isOtherUsersTransaction("payer", "paddle", "txn_bought")).toBe(true);
  expect(await gateway.isOtherUsersTransaction("buyer", "paddle", "txn_bought")).toBe(false);
  expect(await gateway.isOtherUsersTransaction("payer", "paddle", "txn_renewal")).toBe(false);
  expect(await gateway.isOtherUsersTransaction("payer", "stripe", "txn_bought")).toBe(false);
});
