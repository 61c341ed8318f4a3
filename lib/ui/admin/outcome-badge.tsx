const TONES = {
  quiet: "border-line-strong text-muted",
  warn: "border-warn-line bg-warn-soft text-warn",
  danger: "border-danger-line bg-danger-soft text-danger",
};

const TONE_OF: Readonly<Record<string, keyof typeof TONES>> = {
  applied: "quiet",
  duplicate: "quiet",
  ignored: "quiet",
  deferred: "warn",
  undecided: "warn",
  quarantined: "danger",
  dead: "danger",
  failed: "danger",
};

/** The outcome of an event; outcomes that need an action are coloured. */
export function OutcomeBadge({ outcome }: { outcome: string | null }) {
  const text = outcome ?? "undecided";
  return (
    <span className={`inline-block rounded-full border px-2 font-medium text-xs ${TONES[TONE_OF[text] ?? "quiet"]}`}>
      {text}
    </span>
  );
}
