import { useId } from "react";
import type { MeterView } from "@/lib/billing/schemas/usage-view";
import type { ProductId } from "@/lib/config/catalog";
import { formatNumber } from "@/lib/messages/format";
import { meterBar, meterTone, meterWords } from "./meter-words";

const FILL = { calm: "bg-accent", near: "bg-warn-fill", full: "bg-danger-fill" };
const ANSWER = { calm: "text-ink", near: "text-warn", full: "text-danger" };

interface MeterProps {
  product: ProductId;
  /** The name of the plan whose limit applies. */
  planName: string;
  meter: MeterView;
  locale: string;
}

/** One meter: the remaining amount, the bar, and the used amount. The text contains everything that colour shows. */
export function Meter({ product, planName, meter, locale }: MeterProps) {
  const id = useId();
  const { label, answer, detail, blocked, advice } = meterWords(product, planName, meter, locale);
  const tone = meterTone(meter);
  const percent = meter.limit > 0 ? Math.floor((100 * meter.used) / meter.limit) : 100;
  return (
    <div>
      <div className="flex items-baseline justify-between gap-4">
        <span id={id} className="font-medium text-sm">
          {label}
        </span>
        <span className="text-muted text-sm">
          <span className={`font-semibold text-lg tabular-nums ${ANSWER[tone]}`}>{answer.figure}</span> {answer.after}
        </span>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a meter element can be neither hatched nor marked */}
      <div
        role="meter"
        aria-labelledby={id}
        aria-valuemin={0}
        aria-valuemax={Math.max(meter.limit, meter.used)}
        aria-valuenow={meter.used}
        aria-valuetext={`${detail}, ${answer.figure} ${answer.after}`}
        className="mt-2"
      >
        <Bar meter={meter} fill={FILL[tone]} />
      </div>
      <p className="mt-2 flex justify-between gap-4 text-muted text-sm tabular-nums">
        <span>{detail}</span>
        {meter.kind === "counter" && blocked.length === 0 && (
          <span aria-hidden="true">{formatNumber(percent, locale)}%</span>
        )}
      </p>
      {blocked.map((reason) => (
        <p key={reason} className="mt-1 flex items-baseline gap-2 text-muted text-sm tabular-nums">
          <span aria-hidden="true" className="hatched h-2 w-4 shrink-0 rounded-full bg-track" />
          {reason}
        </p>
      ))}
      {advice && <p className="mt-1 text-pretty text-sm">{advice}</p>}
    </div>
  );
}

function Bar({ meter, fill }: { meter: MeterView; fill: string }) {
  const { used, blocked, limitMark } = meterBar(meter);
  return (
    <div className="relative">
      <div className="flex h-2 overflow-hidden rounded-full bg-track forced-colors:border">
        <div
          className={`bar-part forced-colors:bg-[Highlight] ${fill}`}
          style={{ width: `${used}%`, minWidth: meter.used > 0 ? 4 : 0 }}
        />
        {blocked > 0 && <div className="bar-part hatched" style={{ width: `${blocked}%` }} />}
      </div>
      {limitMark !== null && (
        <div
          className="absolute -top-1 h-4 w-0.5 -translate-x-1/2 bg-ink outline-2 outline-surface"
          style={{ left: `${limitMark}%` }}
        />
      )}
    </div>
  );
}
