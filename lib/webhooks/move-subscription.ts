/** An admin moves a subscription to another user. From then on it counts for the new user. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { decide, foldKnown, newFlags } from "@/lib/billing/timeline/build-timeline";
import { factsToMove } from "@/lib/billing/timeline/transfer";
import type { Fact, Instant, Processor, TransferFact } from "@/lib/billing/types";
import type { ProductId } from "@/lib/config/catalog";
import { productIds, product as productOf } from "@/lib/config/current-catalog";
import { log } from "@/lib/core/observability";
import { DatabaseError, type Gateway, type MovePart } from "@/lib/database";

export interface Move {
  processor: Processor;
  subscription: string;
  /** The new user; created if unknown. */
  userId: string;
}

/** `from` is null if no user had it. `at` is null if nothing was moved, because the user has it already. */
export interface Moved {
  from: string | null;
  at: Instant | null;
}

/** A move is repeated this often if deliveries commit at the same time. */
const ATTEMPTS = 12;

/**
 * Moves the subscription, both users' timelines and the link in one transaction. The old user keeps the history up to
 * the move. The new user gets every fact. From the move on, the new user has the plan in a window of the running period
 * with nothing used.
 * @throws DatabaseError not_found if no event has named it, unavailable
 */
export async function moveSubscription(move: Move, gateway: Gateway): Promise<Moved> {
  const { processor, subscription, userId: to } = move;
  const event = { id: `move:${randomUUID()}`, type: "subscription.moved" };
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { fromUserId: from, at } = await gateway.beginMove(processor, subscription, to);
    if (from === null || from === to) return { from, at: null };
    const parts = await partsOfMove({ ...move, from, at, id: event.id }, gateway);
    const { moved } = await gateway.moveSubscription({ processor, subscription, from, to, event, parts });
    if (moved) {
      log.info({ processor, subscription, from, to, at: new Date(at).toISOString() }, "[Admin] Subscription moved");
      return { from, at };
    }
    await sleep(Math.random() * 10 * attempt);
  }
  throw new DatabaseError("Deliveries for these users kept committing first.", "unavailable", "conflict");
}

interface BegunMove extends Move {
  from: string;
  at: Instant;
  id: string;
}

/** Loads each timeline once, so that the revision checked at the commit covers the copied facts. */
async function partsOfMove({ processor, subscription, userId: to, from, at, id }: BegunMove, gateway: Gateway) {
  const transfer = { kind: "transfer", id, processor, subscription, at } as const;
  const outgoing: TransferFact = { ...transfer, direction: "out" };
  const incoming: TransferFact = { ...transfer, direction: "in" };
  const loaded: { product: ProductId; old: Known; target: Known; moved: Fact[] }[] = [];
  for (const product of productIds()) {
    const old = await gateway.loadTimeline(from, product, subscription);
    const target = await gateway.loadTimeline(to, product, subscription);
    loaded.push({ product, old, target, moved: factsToMove(old.facts, transfer) });
  }
  return loaded.flatMap(({ product, old, target, moved }): MovePart[] => {
    const affected = moved.length > 0;
    const others = loaded.flatMap((other) => (other.product === product ? [] : other.moved));
    return [
      partOf({ userId: from, product, known: old, facts: [outgoing], affected, others: [] }),
      partOf({ userId: to, product, known: target, facts: [...moved, incoming], affected, others }),
    ];
  });
}

type Known = Awaited<ReturnType<Gateway["loadTimeline"]>>;

interface Part {
  userId: string;
  product: ProductId;
  known: Known;
  facts: Fact[];
  /** Whether the subscription has facts of this product. */
  affected: boolean;
  /** Facts that the move adds to the user's other products. */
  others: Fact[];
}

function partOf({ userId, product, known, facts, affected, ...moved }: Part): MovePart {
  const rules = productOf(product);
  const others = [...known.others, ...moved.others];
  const before = foldKnown(rules, known);
  const timeline = foldKnown(rules, { ...known, facts: [...known.facts, ...facts], others });
  return {
    userId,
    product,
    revision: known.revision,
    facts,
    timeline,
    decision: affected ? decide(before, timeline, facts) : null,
    flags: newFlags(before, timeline),
    others: others.map(({ id }) => id),
  };
}
