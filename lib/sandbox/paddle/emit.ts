/** Events as Paddle sends them: the entity as it is after what happened. */
import { event, type PaddleObject } from "../event-builders/paddle/events";
import { adjustmentOf, subscriptionTold, transactionOf } from "./objects";
import { type Adjustment, nextId, type PaddleTurn, type Subscription, type Transaction } from "./account-state";

/** Emits one event about an entity. */
export function tell(turn: PaddleTurn, type: string, entity: PaddleObject): void {
  const id = nextId(turn.world, "evt");
  const body = event(type, entity, { id, at: turn.now });
  turn.emit({ id, type, at: turn.now, raw: JSON.stringify(body) });
}

/** What a subscription has become. Its own clock never stands still: who reads its states orders them by it. */
export function tellSubscription(turn: PaddleTurn, subscription: Subscription, ...types: string[]): void {
  subscription.updatedAt = Math.max(turn.now, subscription.updatedAt + 1);
  for (const type of types) tell(turn, `subscription.${type}`, subscriptionTold(turn.world, subscription));
}

export function tellTransaction(turn: PaddleTurn, transaction: Transaction, ...types: string[]): void {
  transaction.at = turn.now;
  for (const type of types) tell(turn, `transaction.${type}`, transactionOf(turn.world, transaction));
}

export function tellAdjustment(turn: PaddleTurn, adjustment: Adjustment, type: string): void {
  adjustment.at = turn.now;
  tell(turn, `adjustment.${type}`, adjustmentOf(turn.world, adjustment));
}
