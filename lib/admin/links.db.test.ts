/** Links and moves by an admin, each on record. */
import { expect, test } from "vitest";
import { meteredDatabase } from "@/tests/support/metered";
import { linkAllByHand, linkByHand } from "./repair";

const { gateway, subscribe } = meteredDatabase();
const move = (userId: string, to: string) =>
  ({ processor: "stripe", subscriptionId: `sub_${userId}`, userId: to }) as const;

test("a move is on record with who, from and to; one that is refused too", async () => {
  await subscribe("ada", { plan: "plus" });
  const { moved } = await linkByHand(move("ada", "ben"), "sam", gateway);
  await expect(linkByHand(move("nobody", "ben"), "kim", gateway)).rejects.toMatchObject({ problem: "not_found" });
  expect(await gateway.adminActs("ben", 5)).toMatchObject([
    {
      act: "subscription.moved",
      actor: "kim",
      details: { subscriptionId: "sub_nobody", refused: "No event has named this subscription yet." },
    },
    {
      act: "subscription.moved",
      actor: "sam",
      details: { processor: "stripe", subscriptionId: "sub_ada", from: "ada", at: moved?.at },
    },
  ]);
});

test("the name of a former user goes from the record when their account is erased", async () => {
  await subscribe("eve", { plan: "plus" });
  await linkByHand(move("eve", "fay"), "sam", gateway);
  await gateway.eraseAccount("eve");
  const [act] = await gateway.adminActs("fay", 1);
  expect(act).toMatchObject({ act: "subscription.moved", details: { subscriptionId: "sub_eve" } });
  expect(act?.details).not.toHaveProperty("from");
});

test("a list goes on after one that is refused", async () => {
  await subscribe("gus", { plan: "plus" });
  const requests = [
    move("nobody", "hal"),
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
