import { describe, expect, test, vi } from "vitest";
import { DAY_MS, HOUR_MS } from "@/lib/billing/timeline/calendar";
import { createAndSendNotices } from "@/lib/jobs/notices";
import { fakeStripeSubscription } from "@/lib/sandbox/event-builders/stripe/fake-subscription";
import { baysTable } from "@/tests/support/acme/bays";
import { meteredDatabase } from "@/tests/support/metered";
import { deliver } from "@/tests/support/stripe";
import { keyOf } from "./delivery";

const { gateway, query, subscribe } = meteredDatabase();

const TITANIUM = { product: "mail", plan: "titanium", interval: "monthly" } as const;

const rows = (userId: string) =>
  query<{ kind: string; field: string; used: number | null }>(
    `select kind, field, (details ->> 'used')::int as used from notices where user_id = $1 order by notice_id`,
    [userId],
  );
const kinds = async (userId: string) => (await rows(userId)).map(({ kind }) => kind);
const currentKinds = async (userId: string) => {
  await gateway.usage(userId);
  return (await gateway.notices(userId, 20)).filter(({ current }) => current).map(({ kind }) => kind);
};

describe("limits", () => {
  test("79 % creates no notice, 80 % one and 100 % one more, however often they are read", async () => {
    await gateway.consume("near", "stamps_used", 395 /* of 500: 79 % */);
    expect(await currentKinds("near")).toEqual([]);
    await gateway.consume("near", "stamps_used", 5);
    await Promise.all([
      createAndSendNotices(gateway),
      gateway.notices("near", 20),
      createAndSendNotices(gateway),
      gateway.notices("near", 20),
    ]);
    expect(await rows("near")).toEqual([{ kind: "near_limit", field: "stamps_used", used: 400 }]);

    await gateway.consume("near", "stamps_used", 99);
    await createAndSendNotices(gateway);
    expect(await kinds("near")).toEqual(["near_limit"]);
    await gateway.consume("near", "stamps_used", 1);
    await createAndSendNotices(gateway);
    await createAndSendNotices(gateway);
    expect(await kinds("near")).toEqual(["near_limit", "limit_reached"]);
    // Only the higher one is current.
    expect(await currentKinds("near")).toEqual(["limit_reached"]);
  });

  test("passing both at once creates only the higher one, and a release creates no second one", async () => {
    await gateway.consume("leap", "stamps_used", 500);
    await createAndSendNotices(gateway);
    await gateway.release("leap", "stamps_used", 50);
    await createAndSendNotices(gateway);
    expect(await kinds("leap")).toEqual(["limit_reached"]);
    expect(await currentKinds("leap")).toEqual([]);
  });

  test("after a reset both thresholds apply again", async () => {
    await gateway.consume("reset-user", "stamps_used", 450);
    await createAndSendNotices(gateway);
    await gateway.setSandboxClock("reset-user", Date.now() + DAY_MS);
    expect(await currentKinds("reset-user")).toEqual([]);
    await gateway.consume("reset-user", "stamps_used", 450);
    await createAndSendNotices(gateway);
    expect(await kinds("reset-user")).toEqual(["near_limit", "near_limit"]);
    expect(await currentKinds("reset-user")).toEqual(["near_limit"]);
  });

  test("80 % of another limit is another threshold, also in the same window", async () => {
    const fake = await subscribe("upgraded", { plan: "bronze" });
    await gateway.consume("upgraded", "stamps_used", 4_000);
    await createAndSendNotices(gateway);
    await deliver(gateway, fake.planChanged("silver", Date.now()));
    expect(await currentKinds("upgraded")).toEqual([]);
    await gateway.consume("upgraded", "stamps_used", 8_000);
    await createAndSendNotices(gateway);
    expect((await rows("upgraded")).map(({ used }) => used)).toEqual([4_000, 12_000]);
  });

  test("a free plan's one bay fills its gauge and creates no notice", async () => {
    await baysTable(gateway).create("maker", "Support");
    expect(await currentKinds("maker")).toEqual([]);
  });
});

describe("payments and ends", () => {
  test("a failed payment creates one notice with the end of grace, which ends with the payment", async () => {
    const userId = "owing";
    const fake = await subscribe(userId, { plan: "silver", startsAt: Date.now() - 33 * DAY_MS });
    await deliver(gateway, fake.renewed());
    await deliver(gateway, fake.changed({ status: "past_due" }, Date.now()));
    await createAndSendNotices(gateway);
    await createAndSendNotices(gateway);
    const [notice, ...others] = await gateway.notices(userId, 20);
    expect(others).toEqual([]);
    expect(notice).toMatchObject({ kind: "payment_failed", plan: "silver", processor: "stripe", current: true });
    if (notice?.kind !== "payment_failed") throw new Error("not a payment");
    expect(Date.parse(notice.graceUntil ?? "") - Date.parse(notice.occasionAt)).toBe(7 * DAY_MS);

    await deliver(gateway, fake.changed({ status: "active" }, Date.now() + 1_000));
    expect(await currentKinds(userId)).toEqual([]);
    expect(await kinds(userId)).toEqual(["payment_failed"]);
  });

  test("an ended plan creates one notice, unless another subscription replaced it", async () => {
    const ended = await subscribe("ended", { plan: "silver" });
    await deliver(gateway, ended.deleted(Date.now() - HOUR_MS));
    await createAndSendNotices(gateway);
    await createAndSendNotices(gateway);
    expect(await kinds("ended")).toEqual(["plan_ended"]);
    expect(await currentKinds("ended")).toEqual(["plan_ended"]);

    const first = await subscribe("moved", { plan: "silver" });
    const second = fakeStripeSubscription({
      id: "sub_moved_2",
      userId: "moved",
      price: TITANIUM,
      startsAt: Date.now() - 2 * HOUR_MS,
    });
    await deliver(gateway, second.created());
    await deliver(gateway, first.deleted(Date.now() - HOUR_MS));
    await createAndSendNotices(gateway);
    expect(await kinds("moved")).toEqual([]);
  });

  test("an end 20 days ago creates no notice", async () => {
    const old = await subscribe("long-gone", { plan: "silver", startsAt: Date.now() - 40 * DAY_MS });
    await deliver(gateway, old.deleted(Date.now() - 20 * DAY_MS));
    await createAndSendNotices(gateway);
    expect(await kinds("long-gone")).toEqual([]);
  });
});

test("only its user can dismiss a notice", async () => {
  await gateway.consume("reader", "stamps_used", 400);
  const [notice] = await gateway.notices("reader", 20);
  await expect(gateway.dismissNotice("stranger", notice?.id ?? 0)).rejects.toMatchObject({ problem: "not_found" });
  await gateway.dismissNotice("reader", notice?.id ?? 0);
  expect(await gateway.notices("reader", 20)).toMatchObject([{ id: notice?.id, dismissed: true }]);
});

describe("delivery", () => {
  test("each notice is sent once, also by concurrent runs; a failed one is sent again later", async () => {
    await createAndSendNotices(gateway);
    await query("update notices set delivered_at = now()");
    await gateway.ensureUser("mailed", "mailed@example.com", null);
    await gateway.consume("mailed", "stamps_used", 400);
    await gateway.consume("flaky", "stamps_used", 400);
    const sent: [string, string | null, string][] = [];
    const failing = new Set(["flaky"]);
    const send = vi.fn(async ({ notice, email, words }) => {
      if (failing.has(notice.userId)) throw new Error("the mail server is down");
      sent.push([keyOf(notice).replace(/\d+$/, "n"), email, words.title]);
    });
    const runs = await Promise.all([1, 2, 3].map(() => createAndSendNotices(gateway, [{ name: "email", send }])));
    expect(runs.reduce((sum, { delivered }) => sum + delivered, 0)).toBe(1);
    expect(sent).toEqual([["notice/mailed/n", "mailed@example.com", "80% of your stamps are used"]]);

    failing.clear();
    expect(await createAndSendNotices(gateway, [{ name: "email", send }])).toMatchObject({ delivered: 0, failed: 0 });
    await query("update notices set next_attempt_at = now() where user_id = 'flaky'");
    expect(await createAndSendNotices(gateway, [{ name: "email", send }])).toMatchObject({ delivered: 1, failed: 0 });
    expect(sent.map(([key]) => key)).toEqual(["notice/mailed/n", "notice/flaky/n"]);
  });

  test("a notice from before the first delivery is not sent days later", async () => {
    await createAndSendNotices(gateway);
    await query("update notices set delivered_at = now()");
    await gateway.consume("before", "stamps_used", 400);
    await createAndSendNotices(gateway);
    await query(
      `update notices set created_at = now() - interval '25 hours', next_attempt_at = now() where user_id = 'before'`,
    );
    const send = vi.fn(async () => {});
    expect(await createAndSendNotices(gateway, [{ name: "email", send }])).toMatchObject({ delivered: 0, failed: 0 });
    expect(send).not.toHaveBeenCalled();
  });
});
