/** Events as Stripe sends them: the object as it is after a change, and what it was before. */
import { diff, event, type StripeObject } from "../event-builders/stripe/events";
import { nextId, type StripeTurn, seconds } from "./account-state";

/** Emits one event about an object. */
export function tell(turn: StripeTurn, type: string, object: StripeObject, previous?: StripeObject): void {
  const id = nextId(turn.world, "evt");
  const body = event(type, object, previous, { id, created: seconds(turn) });
  turn.emit({ id, type, at: turn.now, raw: JSON.stringify(body) });
}

/** Makes a change and emits an event of `type` with what it changed; nothing where it changed nothing. */
export function tellChange(turn: StripeTurn, type: string, object: () => StripeObject, change: () => void): void {
  const before = object();
  change();
  const after = object();
  const previous = diff(before, after);
  if (Object.keys(previous).length > 0) tell(turn, type, after, previous);
}
