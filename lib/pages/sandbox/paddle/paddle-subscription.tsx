import { paths } from "@/lib/config/current-catalog";
import { formatAmount } from "@/lib/messages/plan";
import type { PaddlePortalView } from "@/lib/sandbox";
import { button } from "@/lib/ui";
import { Instant } from "@/lib/ui/time/instant";

type Subscription = PaddlePortalView["subscriptions"][number];

interface PaddleSubscriptionProps {
  subscription: Subscription;
  action: string;
  now: string;
  locale: string;
}

/** One subscription: its plan, its next date, its card, and the button to cancel it or to undo that. */
export function PaddleSubscription({ subscription, action, now, locale }: PaddleSubscriptionProps) {
  const { id, lines, live, ends, card } = subscription;
  const name = lines.map((line) => line.name).join(" and ");
  const amount = lines.reduce((sum, line) => sum + line.amount, 0);
  return (
    <li className="flex flex-wrap items-center justify-between gap-4 rounded-xl border border-line bg-surface p-5">
      <div>
        <h3 className="font-semibold">{name}</h3>
        <p className="text-sm tabular-nums">
          {formatAmount(amount, locale)} per {lines[0]?.interval}, card ending in {card}
        </p>
        <p className="mt-1 text-muted text-sm">
          <Outlook {...subscription} now={now} />
        </p>
      </div>
      {live && (
        <div className="flex flex-wrap gap-3">
          <a href={`${paths().sandbox}/paddle/payment/${id}`} className={button("quiet")}>
            Change card<span className="sr-only"> for {name}</span>
          </a>
          <form method="post" action={action}>
            <input type="hidden" name="subscription" value={id} />
            <button type="submit" name="action" value={ends === null ? "cancel" : "keep"} className={button()}>
              {ends === null ? "Cancel" : "Don’t cancel"}
              <span className="sr-only"> {name}</span>
            </button>
          </form>
        </div>
      )}
    </li>
  );
}

function Outlook({ status, periodEnd, ends, endedAt, now }: Subscription & { now: string }) {
  if (endedAt !== null) return <Dated words="Ended on" at={endedAt} now={now} />;
  if (ends !== null) {
    const words = { cancel: "Canceled: it ends on", pause: "It pauses on", resume: "Paused: it resumes on" };
    return <Dated words={words[ends.action]} at={ends.at} now={now} />;
  }
  if (periodEnd === null) return "Paused.";
  if (status === "past_due")
    return <Dated words="The last payment failed. The period ends on" at={periodEnd} now={now} />;
  return <Dated words="Renews on" at={periodEnd} now={now} />;
}

function Dated({ words, at, now }: { words: string; at: string; now: string }) {
  return (
    <>
      {words} <Instant at={at} now={now} />.
    </>
  );
}
