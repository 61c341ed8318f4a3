import { Check, X } from "lucide-react";
import type { Product } from "@/lib/config";
import type { Simulation } from "@/lib/sandbox/scenarios";
import { BeforeAfter } from "@/lib/ui/admin/before-after";
import { OutcomeBadge } from "@/lib/ui/admin/outcome-badge";

interface SimulationResultProps {
  result: Simulation;
  product: Product;
  locale: string;
}

/** The result of one simulation: passed or failed, the deliveries, the state before and after, and each check. */
export function SimulationResult({ result, product, locale }: SimulationResultProps) {
  const { passed, expectation, decision, dryRun, events, before, after, checks } = result;
  return (
    <div className="space-y-6">
      <div
        className={`rounded-lg border px-4 py-3 ${passed ? "border-line bg-accent-soft" : "border-danger-line bg-danger-soft"}`}
      >
        <p className="flex items-center gap-2 font-semibold">
          <Mark ok={passed} /> <span>{passed ? "Passed" : "Failed"}</span>
          {dryRun && <span className="font-normal text-muted text-sm">dry run: nothing was changed</span>}
        </p>
        <p className="mt-1 text-sm">{expectation}</p>
        {decision && (
          <p className="mt-1 font-mono text-sm">
            {decision.action.toUpperCase()} usage - {decision.reason}
          </p>
        )}
      </div>
      <div>
        <h2 className="font-semibold text-sm">Events</h2>
        <ol className="mt-2 divide-y divide-line border-line border-y text-sm">
          {events.map(({ id, type, outcome, decision: decided, reason, setup }, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: the position identifies a delivery; an event can repeat
            <li key={index} className="flex flex-wrap items-baseline gap-x-3 gap-y-1 py-2">
              <OutcomeBadge outcome={outcome} />
              <span className="font-mono text-xs">{type}</span>
              <span className="break-all text-muted text-xs">{id}</span>
              {setup && <span className="text-muted text-xs">setup</span>}
              <span className="text-muted">{decided ? `${decided.action}: ${decided.reason}` : reason}</span>
            </li>
          ))}
        </ol>
      </div>
      <BeforeAfter product={product} before={before} after={after} locale={locale} />
      <div>
        <h2 className="font-semibold text-sm">Expected</h2>
        <ul className="mt-2 space-y-1 text-sm tabular-nums">
          {checks.map(({ what, expected, actual, ok }) => (
            <li key={what} className="flex gap-2">
              <Mark ok={ok} />
              <span>
                {what}: {expected}
                {!ok && <strong className="text-danger">, but it is {actual}</strong>}
              </span>
            </li>
          ))}
        </ul>
      </div>
    </div>
  );
}

function Mark({ ok }: { ok: boolean }) {
  const Icon = ok ? Check : X;
  return (
    <Icon
      aria-label={ok ? "yes" : "no"}
      className={`mt-0.5 size-4 shrink-0 ${ok ? "text-accent-ink" : "text-danger"}`}
    />
  );
}
