import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { isProductId } from "@/lib/config/current-catalog";
import { Notice } from "../notice";
import { standingMark } from "./standing-mark";

const WORDS = {
  pending: { tone: "info", title: "Your change is on its way", text: "It appears here by itself in a moment." },
  done: { tone: "good", title: "Your change is in force", text: "What you see here is up to date." },
  scheduled: { tone: "info", title: "Your change is scheduled", text: "Nothing changes before this period ends." },
  undone: { tone: "good", title: "Taken back", text: "Everything stays as it was." },
} as const;

export type Changed = keyof typeof WORDS;

type Parameters = Readonly<Record<string, string | string[] | undefined>>;

/** Where billing says what has become of a change; `before` is the subscription's mark before it was asked for. */
export function changedPath(outcome: string, product: string, before: string): string {
  return `/billing?${new URLSearchParams({ changed: outcome, product, before })}`;
}

/** What the address says of a change; one that was pending is done as soon as the subscription is another. */
export function changedOf(parameters: Parameters, subscriptions: readonly SubscriptionView[]): Changed | null {
  const { changed, product, before } = parameters;
  if (changed === "scheduled" || changed === "undone") return changed;
  if (changed !== "pending" || typeof product !== "string" || !isProductId(product)) return null;
  const subscription = subscriptions.find((each) => each.product === product);
  return subscription && standingMark(subscription) !== before ? "done" : "pending";
}

/** Says aloud what has become of a change. */
export function ChangedNotice({ changed }: { changed: Changed }) {
  const { tone, title, text } = WORDS[changed];
  return (
    <div role="status">
      <Notice tone={tone} title={title}>
        {text}
      </Notice>
    </div>
  );
}
