import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { isFree } from "@/lib/messages/plan";

type Status = SubscriptionView["status"];

interface Badge {
  text: string;
  tone: keyof typeof TONES;
}

const WORDS: Partial<Record<Status, Badge>> = {
  trialing: { text: "Trial", tone: "quiet" },
  past_due: { text: "Payment failed", tone: "danger" },
  unpaid: { text: "Payment failed", tone: "danger" },
  incomplete: { text: "Payment pending", tone: "quiet" },
  incomplete_expired: { text: "Not started", tone: "quiet" },
  paused: { text: "Paused", tone: "quiet" },
  canceled: { text: "Ended", tone: "quiet" },
};

const TONES = {
  quiet: "border-line-strong text-muted",
  danger: "border-danger-line bg-danger-soft text-danger",
};

/** The status, if it needs attention; an active plan has no badge. */
export function StatusBadge({ subscription }: { subscription: SubscriptionView }) {
  const badge = badgeOf(subscription);
  if (badge === null) return null;
  return (
    <span className={`shrink-0 rounded-full border px-2.5 py-0.5 font-medium text-xs ${TONES[badge.tone]}`}>
      {badge.text}
    </span>
  );
}

function badgeOf(subscription: SubscriptionView): Badge | null {
  const { status, cancelAt } = subscription;
  if (status === "trialing" && isFree(subscription)) return null;
  return WORDS[status] ?? (cancelAt === null ? null : { text: "Canceled", tone: "quiet" });
}
