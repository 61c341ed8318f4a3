"use client";

import { useState } from "react";
import { button, formatNumber } from "tollgate/client";

/** A rewriting and its progress. */
export interface Rewriting {
  text: string;
  /** The rewritten words of the original, and all its words. */
  words: number;
  of: number;
}

/** The rewritten text, with the progress while more arrives. */
export function RewritingResult({
  rewriting,
  busy,
  locale,
}: {
  rewriting: Rewriting | null;
  busy: boolean;
  locale: string;
}) {
  return (
    // aria-busy: screen readers announce the complete text, not each chunk.
    <section aria-live="polite" aria-busy={busy} aria-label="Result">
      {rewriting !== null && (
        <div className="rounded-xl border border-line bg-surface p-5">
          <div className="flex min-h-11 items-center justify-between gap-4 sm:min-h-9">
            <h2 className="font-medium text-sm">Result</h2>
            {busy ? (
              <Progress {...rewriting} locale={locale} />
            ) : (
              rewriting.text !== "" && <Copy text={rewriting.text} />
            )}
          </div>
          <p className="mt-2 whitespace-pre-wrap text-sm wrap-anywhere">{rewriting.text}</p>
        </div>
      )}
    </section>
  );
}

function Progress({ words, of, locale }: Rewriting & { locale: string }) {
  const text = `${formatNumber(words, locale)} of ${formatNumber(of, locale)} words`;
  return (
    <div className="flex items-center gap-3 text-muted text-sm tabular-nums">
      <span aria-hidden="true">{text}</span>
      <div
        role="progressbar"
        aria-label="Rewriting"
        aria-valuemin={0}
        aria-valuemax={of}
        aria-valuenow={words}
        aria-valuetext={text}
        className="h-2 w-24 overflow-hidden rounded-full bg-track forced-colors:border sm:w-40"
      >
        <div
          className="bar-part bg-accent forced-colors:bg-[Highlight]"
          style={{ width: `${of > 0 ? (100 * words) / of : 0}%` }}
        />
      </div>
    </div>
  );
}

function Copy({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  return (
    <button
      type="button"
      onClick={async () =>
        setCopied(
          await navigator.clipboard.writeText(text).then(
            () => true,
            () => false,
          ),
        )
      }
      onBlur={() => setCopied(false)}
      className={button("quiet")}
    >
      {copied ? "Copied" : "Copy"}
    </button>
  );
}
