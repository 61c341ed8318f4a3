import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { isProductId, paths } from "@/lib/config/current-catalog";
import { Notice } from "../notice";
import { subscriptionFingerprint } from "./subscription-fingerprint";

const WORDS = {
  pending: { tone: "info", title: "Your change is being processed", text: "It will appear here in a moment." },
  done: { tone: "good", title: "Your change is complete", text: "This page is up to date." },
  scheduled: { tone: "info", title: "Your change is scheduled", text: "Nothing changes before this period ends." },
  undone: { tone: "good", title: "Canceled", text: "Your plan stays as it was." },
} as const;

export type ChangeOutcome = keyof typeof WORDS;

type Parameters = Readonly<Record<string, string | string[] | undefined>>;

/** The address of the billing page that shows a change's outcome. `before`: the fingerprint before the change. */
export function changeOutcomePath(outcome: string, product: string, before: string): string {
  return `${paths().billing}?${new URLSearchParams({ changed: outcome, product, before })}`;
}

/** The outcome in the address. A pending change is done when the subscription's fingerprint differs. */
export function readChangeOutcome(
  parameters: Parameters,
  subscriptions: readonly SubscriptionView[],
): ChangeOutcome | null {
  const { changed, product, before } = parameters;
  if (changed === "scheduled" || changed === "undone") return changed;
  if (changed !== "pending" || typeof product !== "string" || !isProductId(product)) return null;
  const subscription = subscriptions.find((each) => each.product === product);
  return subscription && subscriptionFingerprint(subscription) !== before ? "done" : "pending";
}

/** The outcome of a change, announced to screen readers. */
export function ChangeOutcomeNotice({ outcome }: { outcome: ChangeOutcome }) {
  const { tone, title, text } = WORDS[outcome];
  return (
    <div role="status">
      <Notice tone={tone} title={title}>
        {text}
      </Notice>
    </div>
  );
}
