const SHAPE =
  "inline-flex min-h-11 cursor-pointer items-center justify-center gap-2 rounded-lg px-4 font-medium text-sm transition-colors sm:min-h-9 disabled:cursor-default disabled:opacity-60";

const TONES = {
  primary: "bg-accent text-on-accent hover:bg-accent-strong",
  plain: "border border-line-strong bg-surface text-ink hover:bg-sunken",
  danger: "border border-danger-line bg-surface text-danger hover:bg-danger-soft",
  quiet: "text-muted hover:bg-sunken hover:text-ink",
};

/** The classes of a button, or of a link styled as one; 44 px high on phones. */
export function button(tone: keyof typeof TONES = "plain"): string {
  return `${SHAPE} ${TONES[tone]}`;
}

/** The classes of text inputs. */
export const FIELD =
  "min-h-11 w-full rounded-lg border border-line-strong bg-surface px-3 text-base text-ink placeholder:text-faint sm:min-h-9 sm:text-sm";
