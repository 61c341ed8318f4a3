/** Events as Paddle sends them: the entity after the change. */
import { event, type PaddleObject } from "../event-builders/paddle/events";
import { type Adjustment, nextId, type PaddleStep, type Subscription, type Transaction } from "./account-state";
import { adjustmentOf, subscriptionInEvents, transactionOf } from "./objects";

/** Emits one event about an entity. */
export function emitEvent(step: PaddleStep, type: string, entity: PaddleObject): void {
  const id = nextId(step.state, "evt");
  const body = event(type, entity, { id, at: step.now });
  step.emit({ id, type, at: step.now, raw: JSON.stringify(body) });
}

/** `updated_at` grows with every event, since readers order a subscription's states by it. */
export function emitSubscription(step: PaddleStep, subscription: Subscription, ...types: string[]): void {
  subscription.updatedAt = Math.max(step.now, subscription.updatedAt + 1);
  for (const type of types) emitEvent(step, `subscription.${type}`, subscriptionInEvents(step.state, subscription));
}

export function emitTransaction(step: PaddleStep, transaction: Transaction, ...types: string[]): void {
  transaction.at = step.now;
  for (const type of types) emitEvent(step, `transaction.${type}`, transactionOf(step.state, transaction));
}

export function emitAdjustment(step: PaddleStep, adjustment: Adjustment, type: string): void {
  adjustment.at = step.now;
  emitEvent(step, `adjustment.${type}`, adjustmentOf(step.state, adjustment));
}
