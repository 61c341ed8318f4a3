import { CalendarClock } from "lucide-react";
import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { processorName } from "@/lib/messages/plan";
import { CountdownTo } from "../time/countdown-to";
import { Instant } from "../time/instant";

const DAY_MS = 86_400_000;
/** If a window ended longer ago than this, we wait for the processor. */
const LATE_MS = 60_000;

/** The next reset of the counters, and the start of their window. */
export function WindowLine({ subscription, now }: { subscription: SubscriptionView; now: string }) {
  const { windowStart, resetsAt, cancelAt, processor } = subscription;
  if (resetsAt === null) return null;
  const leftMs = Date.parse(resetsAt) - Date.parse(now);
  const form = leftMs < DAY_MS ? "moment" : "day";
  const ending = cancelAt !== null && Date.parse(cancelAt) <= Date.parse(resetsAt);
  const daily = Date.parse(resetsAt) - Date.parse(windowStart) <= DAY_MS;
  return (
    <div className="flex flex-wrap items-baseline justify-between gap-x-6 gap-y-1 text-muted text-sm">
      {leftMs < -LATE_MS ? (
        <p>
          Your renewal was due on <Instant at={resetsAt} now={now} />. Your plan continues while we wait for{" "}
          {processorName(processor)} to confirm it.
        </p>
      ) : (
        <p className="flex items-baseline gap-2">
          <CalendarClock aria-hidden="true" className="mt-0.5 size-4 shrink-0 self-start text-faint" />
          <span>
            <CountdownTo until={resetsAt} now={now} verb={ending ? "Ends" : "Resets"}>
              <span className="max-sm:hidden">, </span>
              {/* A separate line on phones, so that a shorter countdown does not move the content below. */}
              <span className="whitespace-nowrap max-sm:block">
                on <Instant at={resetsAt} now={now} form={form} />
              </span>
            </CountdownTo>
          </span>
        </p>
      )}
      <p className="max-sm:pl-6">
        {daily ? (
          "Counting since midnight, UTC"
        ) : (
          <>
            Counting since <Instant at={windowStart} now={now} />
          </>
        )}
      </p>
    </div>
  );
}
