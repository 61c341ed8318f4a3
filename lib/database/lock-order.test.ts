/** The order in which database functions lock rows: users, subscriptions by product, webhook events. */
import { describe, expect, test } from "vitest";
import { functionTexts, stepsOf, tablesOfUsers, violations } from "@/tests/support/lock-order";

const texts = functionTexts();
const tables = tablesOfUsers();

const violationsOf = (name: string, changed: Readonly<Record<string, string>> = {}) =>
  violations(stepsOf(name, new Map([...texts, ...Object.entries(changed)]), tables));

/** The text of a function without a part, which must exist. */
function without(name: string, part: string | RegExp): string {
  const text = texts.get(name) ?? "";
  const changed = text.replace(part, "");
  if (changed === text) throw new Error(`${name} has no ${part}`);
  return changed;
}

const LATE = "locks the users row after other rows";
const UNHELD = "makes a row of a user without hold_user or lock_user";
const SEVERAL = "locks rows of several products without lock_user";
const EVENT_FIRST = "locks a subscriptions row after a webhook event";

const EXCEPTIONS: Readonly<Record<string, string[]>> = {
  // It creates a missing row, the users row first, only after it found none and holds no lock.
  lock_subscription: [LATE],
  // Its events have only notes, and no transaction that holds a subscriptions row waits for these. It makes rows by product.
  receive_webhook_event: [EVENT_FIRST, SEVERAL],
  // It makes missing rows by product; lock_user would make deliveries wait for the gate.
  load_timelines: [SEVERAL],
  // It locks many users and no other rows; a call that is concurrent with an erasure is repeated.
  create_notices: [UNHELD],
  create_due_notices: [UNHELD],
  list_notices: [UNHELD],
};

test.each([...texts.keys()])("%s locks the users row before subscriptions rows, and these before events", (name) => {
  expect(violationsOf(name)).toEqual(EXCEPTIONS[name] ?? []);
});

test("the search finds the tables with rows that refer to users", () => {
  expect(tables).toEqual(expect.arrayContaining(["subscriptions", "links", "notes", "checkouts", "chatbots"]));
  expect(tables).not.toContain("users");
});

describe("the check reports", () => {
  test.each([
    ["create_chatbot", /perform tollgate\.hold_user\(.*?;/, [LATE, UNHELD]],
    ["begin_checkout", /perform tollgate\.hold_user\(.*?;/, [LATE, UNHELD]],
    ["set_limit_override", /perform tollgate\.hold_user\(.*?;/, [LATE, UNHELD]],
    ["link_customer", /perform tollgate\.hold_user\(.*?;/, [UNHELD]],
    ["resolve_links", /perform tollgate\.hold_user\(.*?;/g, [UNHELD]],
    ["ensure_subscription", /perform tollgate\.hold_user\(.*?;/, [UNHELD]],
    ["erase_account", /perform from tollgate\.users [\s\S]*?;/, [SEVERAL]],
    ["get_usage", /perform tollgate\.lock_user\(.*?;/g, [SEVERAL]],
    ["consume_sequential", /perform tollgate\.lock_user\(.*?;/, [SEVERAL]],
    ["move_subscription", /perform tollgate\.lock_user\([\s\S]*?;/, [SEVERAL, LATE]],
    ["expire_due_reservations", " skip locked", [SEVERAL]],
  ] as const)("the function %s without %s", (name, part, expected) => {
    expect(violationsOf(name, { [name]: without(name, part) })).toEqual(expected);
  });

  test("a wrong order through a called function", () => {
    const changed = {
      hold_rows: "$$ begin perform tollgate.lock_subscription(a, b); insert into tollgate.links x; end; $$",
    };
    const outer = { outer: "$$ begin perform tollgate.hold_rows(); end; $$", ...changed };
    expect(violationsOf("outer", outer)).toEqual([LATE, UNHELD]);
  });

  test("a row of a user after add_to_gauge, if the gauge does not hold the user", () => {
    const owner = { owner: "$$ begin perform tollgate.add_to_gauge(a, b); insert into tollgate.chatbots x; end; $$" };
    expect(violationsOf("owner", owner)).toEqual([]);
    const unheld = { write_gauge: without("write_gauge", /perform tollgate\.hold_user\(.*?;/) };
    expect(violationsOf("owner", { ...owner, ...unheld })).toEqual([LATE, UNHELD]);
  });

  test("a lock of an event before the row", () => {
    const text = without("commit_timeline", "v_lock := tollgate.lock_subscription(p_user_id, p_product);");
    expect(violationsOf("commit_timeline", { commit_timeline: text })).toEqual([EVENT_FIRST]);
  });
});
