import { CircleAlert, CircleCheck, Info } from "lucide-react";
import type { ReactNode } from "react";

const TONES = {
  info: "border-line bg-sunken text-ink",
  good: "border-accent-ink/40 bg-accent-soft text-ink",
  warn: "border-warn-line bg-warn-soft text-ink",
  danger: "border-danger-line bg-danger-soft text-ink",
};
const ICON_COLORS = { info: "text-muted", good: "text-accent-ink", warn: "text-warn", danger: "text-danger" };

const ICONS = { info: Info, good: CircleCheck, warn: CircleAlert, danger: CircleAlert };

export type Tone = keyof typeof TONES;

/** A message about the content beside it, with the next step. */
export function Notice({ tone, title, children }: { tone: Tone; title: string; children?: ReactNode }) {
  const Icon = ICONS[tone];
  return (
    <div className={`flex gap-3 rounded-lg border px-4 py-3 text-sm ${TONES[tone]}`}>
      <Icon aria-hidden="true" className={`mt-0.5 size-4 shrink-0 ${ICON_COLORS[tone]}`} />
      <div className="text-pretty">
        <p className="font-medium">{title}</p>
        {children && <p className="mt-0.5 text-muted">{children}</p>}
      </div>
    </div>
  );
}
