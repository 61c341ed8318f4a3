/** An admin moves a subscription to another user: from that instant on it counts for the new one. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { decide, fold, newFlags } from "@/lib/billing/timeline/build-timeline";
import { sharedFacts } from "@/lib/billing/timeline/plan-items";
import { factsToMove } from "@/lib/billing/timeline/transfer";
import type { Fact, Instant, Processor, TransferFact } from "@/lib/billing/types";
import type { ProductId } from "@/lib/config/catalog";
import { productIds, product as productOf } from "@/lib/config/current-catalog";
import { log } from "@/lib/core/observability";
import { DatabaseError, type Gateway, type MovePart } from "@/lib/database";

export interface Move {
  processor: Processor;
  subscription: string;
  /** The new user; made if they have never been seen. */
  userId: string;
}

/** `from` null: no user had it. Without `at` nothing was moved: the user has it already, or had it from the start. */
export interface Moved {
  from: string | null;
  at: Instant | null;
}

/** A move waits for deliveries that commit at the same moment, one after the other. */
const ATTEMPTS = 12;

/**
 * Moves the subscription, both users' timelines and the link in one transaction. The old user keeps the history up to the
 * move; the new user gets every fact and, from the move on, the plan in a window of the running period with nothing used.
 * @throws DatabaseError not_found if no event has named it, unavailable
 */
export async function moveSubscription(move: Move, gateway: Gateway): Promise<Moved> {
  const { processor, subscription, userId: to } = move;
  const event = { id: `move:${randomUUID()}`, type: "subscription.moved" };
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { fromUserId: from, at } = await gateway.beginMove(processor, subscription, to);
    if (from === null || from === to) return { from, at: null };
    const parts = await splitIntoChunks({ ...move, from, at, id: event.id }, gateway);
    const { moved } = await gateway.moveSubscription({ processor, subscription, from, to, event, parts });
    if (moved) {
      log.info({ processor, subscription, from, to, at: new Date(at).toISOString() }, "[Admin] Subscription moved");
      return { from, at };
    }
    await sleep(Math.random() * 10 * attempt);
  }
  throw new DatabaseError("Deliveries for these users kept committing first.", "unavailable", "conflict");
}

interface Begun extends Move {
  from: string;
  at: Instant;
  id: string;
}

/** Each timeline is loaded once: what is copied is what its revision vouches for when it is committed. */
async function splitIntoChunks({ processor, subscription, userId: to, from, at, id }: Begun, gateway: Gateway) {
  const transfer = { kind: "transfer", id, processor, subscription, at } as const;
  const out: TransferFact = { ...transfer, direction: "out" };
  const here: TransferFact = { ...transfer, direction: "in" };
  const loaded: { product: ProductId; old: Known; anew: Known; moved: Fact[] }[] = [];
  for (const product of productIds()) {
    const old = await gateway.loadTimeline(from, product, subscription);
    const anew = await gateway.loadTimeline(to, product, subscription);
    loaded.push({ product, old, anew, moved: factsToMove(old.facts, transfer) });
  }
  return loaded.flatMap(({ product, old, anew, moved }): MovePart[] => {
    const concerned = moved.length > 0;
    const others = loaded.flatMap((other) => (other.product === product ? [] : other.moved));
    return [
      partOf({ userId: from, product, known: old, facts: [out], concerned, others: [] }),
      partOf({ userId: to, product, known: anew, facts: [...moved, here], concerned, others }),
    ];
  });
}

type Known = Awaited<ReturnType<Gateway["loadTimeline"]>>;

interface Part {
  userId: string;
  product: ProductId;
  known: Known;
  facts: Fact[];
  /** The subscription has something of this product. */
  concerned: boolean;
  /** Facts that the move brings to the user's other products. */
  others: Fact[];
}

function partOf({ userId, product, known, facts, concerned, ...moved }: Part): MovePart {
  const timelineOf = (all: readonly Fact[], others: readonly Fact[]) =>
    fold(productOf(product), [...all, ...sharedFacts(all, others)], known.freeAnchor);
  const others = [...known.others, ...moved.others];
  const before = timelineOf(known.facts, known.others);
  const timeline = timelineOf([...known.facts, ...facts], others);
  return {
    userId,
    product,
    revision: known.revision,
    facts,
    timeline,
    decision: concerned ? decide(before, timeline, facts) : null,
    flags: newFlags(before, timeline),
    others: others.map(({ id }) => id),
  };
}
