import { expect, test } from "vitest";
import { meteredDatabase } from "@/tests/support/metered";
import { linkAllByHand, linkByHand } from "./repair";

const { gateway, subscribe } = meteredDatabase();
const move = (userId: string, to: string) =>
  ({ processor: "stripe", subscriptionId: `sub_${userId}`, userId: to }) as const;

test("the audit log has a move with the admin and both users, also a refused one", async () => {
  await subscribe("ada", { plan: "silver" });
  const { moved } = await linkByHand(move("ada", "ben"), "sam", gateway);
  await expect(linkByHand(move("unknown", "ben"), "kim", gateway)).rejects.toMatchObject({ problem: "not_found" });
  expect(await gateway.auditEntries("ben", 5)).toMatchObject([
    {
      act: "subscription.moved",
      actor: "kim",
      details: { subscriptionId: "sub_unknown", refused: "No event has named this subscription yet." },
    },
    {
      act: "subscription.moved",
      actor: "sam",
      details: { processor: "stripe", subscriptionId: "sub_ada", from: "ada", at: moved?.at },
    },
  ]);
});

test("an erasure removes the former user's id from the audit log", async () => {
  await subscribe("eve", { plan: "silver" });
  await linkByHand(move("eve", "fay"), "sam", gateway);
  await gateway.eraseAccount("eve");
  const [entry] = await gateway.auditEntries("fay", 1);
  expect(entry).toMatchObject({ act: "subscription.moved", details: { subscriptionId: "sub_eve" } });
  expect(entry?.details).not.toHaveProperty("from");
});

test("a list continues after a refused item", async () => {
  await subscribe("gus", { plan: "silver" });
  const requests = [
    move("unknown", "hal"),
    move("gus", "hal"),
    { processor: "stripe", customerId: "cus_gus", userId: "hal" },
  ] as const;
  expect(await linkAllByHand(requests, "sam", gateway)).toMatchObject({
    links: [
      { linked: false, reason: "subscription_not_found" },
      { linked: true, moved: { from: "gus" } },
      { linked: false, reason: "linked_to_another" },
    ],
  });
});
