import { formatAmount } from "@/lib/messages/plan";
import type { PortalView } from "@/lib/sandbox";
import { button } from "@/lib/ui";
import { Instant } from "@/lib/ui/time/instant";

interface PortalSubscriptionProps {
  subscription: PortalView["subscriptions"][number];
  action: string;
  now: string;
  locale: string;
}

/** One subscription: its plan, its next date, and the button to cancel it or to undo that. */
export function PortalSubscription({ subscription, action, now, locale }: PortalSubscriptionProps) {
  const { id, lines, live, endsAt, scheduled } = subscription;
  const name = lines.map((line) => line.name).join(" and ");
  const amount = lines.reduce((sum, line) => sum + line.amount, 0);
  return (
    <li className="flex flex-wrap items-center justify-between gap-4 rounded-xl border border-line bg-surface p-5">
      <div>
        <h3 className="font-semibold">{name}</h3>
        <p className="text-sm tabular-nums">
          {formatAmount(amount, locale)} per {lines[0]?.interval}
        </p>
        <p className="mt-1 text-muted text-sm">
          <Outlook {...subscription} now={now} />
        </p>
      </div>
      {live && !scheduled && (
        <form method="post" action={action}>
          <input type="hidden" name="subscription" value={id} />
          <button type="submit" name="action" value={endsAt === null ? "cancel" : "keep"} className={button()}>
            {endsAt === null ? "Cancel" : "Don’t cancel"}
            <span className="sr-only"> {name}</span>
          </button>
        </form>
      )}
    </li>
  );
}

function Outlook({
  status,
  periodEnd,
  endsAt,
  endedAt,
  scheduled,
  now,
}: PortalSubscriptionProps["subscription"] & { now: string }) {
  if (endedAt !== null) {
    return (
      <>
        Ended on <Instant at={endedAt} now={now} />.
      </>
    );
  }
  if (endsAt !== null) {
    return (
      <>
        Canceled: it ends on <Instant at={endsAt} now={now} />.
      </>
    );
  }
  const word = { trialing: "Your trial ends on", past_due: "The last payment failed. The period ends on" }[
    status as string
  ];
  return (
    <>
      {word ?? (scheduled ? "Changes on" : "Renews on")} <Instant at={periodEnd} now={now} />.
    </>
  );
}
