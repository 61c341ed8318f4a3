/** What the hosted pages ask: read a session, an invoice, a portal; pay, change the card, cancel, keep. */
import type { Carried } from "../accounts";
import type { Sandbox } from "../sandbox";
import * as checkout from "./checkout";
import { subscriptionOf } from "./objects";
import { playedStripe } from "./played";
import { tellChange } from "./tell";
import type { StripeTurn } from "./world";
import { type Invoice, isLive, type Portal, type Session, seconds, type World } from "./world";

export type { Paid, Payment } from "./checkout";

/** The world in which a page's object is; null where nobody has it. Time is brought up to now. */
export async function worldOf(sandbox: Sandbox, object: string): Promise<{ world: World; now: number } | null> {
  return onWorld(sandbox, object, (turn) => ({ world: structuredClone(turn.world), now: turn.now }));
}

/** null where there is no such session. */
export function paySession(sandbox: Sandbox, id: string, payment: checkout.Payment): Promise<checkout.Paid | null> {
  return onWorld(sandbox, id, (turn) => checkout.paySession(turn, only(turn.world.sessions, id), payment));
}

export function payInvoice(
  sandbox: Sandbox,
  id: string,
  payment: checkout.Payment | null,
): Promise<checkout.Paid | null> {
  return onWorld(sandbox, id, (turn) => {
    const invoice = only(turn.world.invoices, id);
    if (invoice.status === "paid") return { outcome: "complete" };
    if (invoice.status !== "open") return { outcome: "expired" };
    return checkout.payInvoice(turn, invoice, payment);
  });
}

export function changeCard(sandbox: Sandbox, portal: string, payment: checkout.Payment): Promise<checkout.Paid | null> {
  return onWorld(sandbox, portal, (turn) => checkout.changeCard(turn, payment));
}

/** Cancels at the period's end, or takes that back; only what goes on can be. */
export function setCancel(
  sandbox: Sandbox,
  portal: string,
  subscription: string,
  cancels: boolean,
): Promise<true | null> {
  return onWorld(sandbox, portal, (turn) => {
    const found = turn.world.subscriptions.find(({ id }) => id === subscription);
    if (found === undefined || !isLive(found)) return true;
    tellChange(
      turn,
      "customer.subscription.updated",
      () => subscriptionOf(turn.world, found),
      () => {
        found.cancelAtPeriodEnd = cancels;
        found.cancelAt = null;
        found.canceledAt = cancels ? seconds(turn) : null;
        found.cancellationReason = cancels ? "cancellation_requested" : null;
      },
    );
    return true;
  });
}

/** Runs a step of the account that has the object. */
async function onWorld<Result>(
  sandbox: Sandbox,
  object: string,
  act: (turn: StripeTurn) => Result,
): Promise<Result | null> {
  const carried: Carried = await sandbox.command<World>(
    { of: { object }, act: (turn) => ({ status: 200, body: act(turn) }) },
    playedStripe,
  );
  return carried.outcome === "answered" ? (carried.reply.body as Result) : null;
}

function only<T extends Session | Invoice | Portal>(list: readonly T[], id: string): T {
  const found = list.find((each) => each.id === id);
  if (found === undefined) throw new Error(`${id} is something else.`);
  return found;
}
