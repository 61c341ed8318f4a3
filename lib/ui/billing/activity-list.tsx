import { ArrowRight, RotateCcw, Split } from "lucide-react";
import type { DecisionView } from "@/lib/billing/schemas/usage-view";
import { product } from "@/lib/config/current-catalog";
import { activityNumbers, activityWords } from "@/lib/messages/activity";
import { requestLocale } from "../request-locale";
import { Instant } from "../time/instant";
import { recentDecisions } from "./recent-decisions";

const ICONS = { reset: RotateCcw, preserve: ArrowRight, carry_over: Split };

/** The recent activity: one line per decision, newest first. */
export async function ActivityList({ decisions, most, now }: { decisions: DecisionView[]; most: number; now: string }) {
  const { locale } = await requestLocale();
  const lines = recentDecisions(decisions, most);
  return (
    <section aria-labelledby="activity">
      <h2 id="activity" className="font-semibold text-base">
        Recent activity
      </h2>
      {lines.length === 0 ? (
        <p className="mt-2 text-muted text-sm">
          No activity yet. Renewals and plan changes will appear here, with their effect on your usage.
        </p>
      ) : (
        <ol className="mt-3 divide-y divide-line border-line border-y">
          {lines.map((decision) => (
            <Line key={decision.id} decision={decision} now={now} locale={locale} />
          ))}
        </ol>
      )}
    </section>
  );
}

function Line({ decision, now, locale }: { decision: DecisionView; now: string; locale: string }) {
  const { effect, cause } = activityWords(decision);
  const numbers = activityNumbers(decision, locale);
  const Icon = ICONS[decision.action];
  return (
    <li className="flex items-start gap-3 py-3 text-sm">
      <Icon aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-faint" />
      <p className="flex-1 text-pretty">
        <span className="font-medium">
          {effect} on <Instant at={decision.at} now={now} />:
        </span>{" "}
        {cause}
        {numbers && <span className="block text-muted tabular-nums">{numbers}</span>}
      </p>
      <span className="shrink-0 text-muted">{product(decision.product).name}</span>
    </li>
  );
}
