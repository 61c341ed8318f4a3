/** Events as Stripe sends them: the object after a change, and its previous values. */
import { diff, event, type StripeObject } from "../event-builders/stripe/events";
import { nextId, type StripeStep, seconds } from "./account-state";

/** Emits one event about an object. */
export function emitEvent(step: StripeStep, type: string, object: StripeObject, previous?: StripeObject): void {
  const id = nextId(step.state, "evt");
  const body = event(type, object, previous, { id, created: seconds(step) });
  step.emit({ id, type, at: step.now, raw: JSON.stringify(body) });
}

/** Makes a change, and emits an event of `type` with the difference if there is one. */
export function emitChange(step: StripeStep, type: string, object: () => StripeObject, change: () => void): void {
  const before = object();
  change();
  const after = object();
  const previous = diff(before, after);
  if (Object.keys(previous).length > 0) emitEvent(step, type, after, previous);
}
