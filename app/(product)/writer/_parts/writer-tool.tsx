"use client";

import { type FormEvent, useId, useState } from "react";
import {
  button,
  FIELD,
  formatCount,
  formatNumber,
  Notice,
  type Refusal,
  RefusalNotice,
  smallestUpgrade,
  type UpgradeOptions,
  useStreamedRequest,
} from "tollgate/client";
import type { RewritingLine } from "../_lib/rewriting";
import { countWords } from "../_lib/words";
import { type Rewriting, RewritingResult } from "./rewriting-result";

const WORD = { one: "word", many: "words" };
const STYLES = [
  { id: "plain", name: "Plain" },
  { id: "formal", name: "Formal" },
  { id: "friendly", name: "Friendly" },
  { id: "concise", name: "Concise" },
];

interface WriterToolProps {
  locale: string;
  /** The remaining amounts when the page was rendered; the server decides. */
  wordsLeft: number;
  rewritesLeft: number;
  upgrades: UpgradeOptions;
}

/** Rewrites a text in a style, and shows the price first. Long work shows its progress and can be canceled. */
export function WriterTool({ locale, wordsLeft, rewritesLeft, upgrades }: WriterToolProps) {
  const id = useId();
  const [text, setText] = useState("");
  const [rewriting, setRewriting] = useState<Rewriting | null>(null);
  const [stopped, setStopped] = useState<string | null>(null);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const { busy, start, stop } = useStreamedRequest<RewritingLine>("/api/writer/transform");
  const words = countWords(text);

  async function transform(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (busy) return;
    const style = new FormData(event.currentTarget).get("style");
    let work: Rewriting = { text: "", words: 0, of: words };
    const show = (change: Partial<Rewriting>) => {
      work = { ...work, ...change };
      setRewriting(work);
    };
    setStopped(null);
    setRefusal(null);
    const streamed = await start({ text, style }, (line) => {
      if (line.type === "begun") show({ of: line.words });
      else if (line.type === "part") show({ text: work.text + line.text, words: line.words });
      else if (line.type === "failed") setRefusal(line);
    });
    if (!streamed.ok) setRefusal(streamed.refusal);
    else if (streamed.value === "stopped") setStopped(stoppedText(work, locale));
  }

  const missing = words - wordsLeft;
  return (
    <div className="space-y-6">
      <form onSubmit={transform}>
        <label htmlFor={`${id}text`} className="font-medium text-sm">
          Your text
        </label>
        <textarea
          id={`${id}text`}
          required
          rows={8}
          maxLength={200_000}
          value={text}
          onChange={(event) => setText(event.target.value)}
          aria-describedby={`${id}count`}
          className={`${FIELD} mt-2 block resize-y py-2`}
        />
        <p id={`${id}count`} className="mt-2 text-muted text-sm tabular-nums">
          {words === 0 ? (
            "Enter a text to see its number of words. Nothing counts until you rewrite it."
          ) : (
            <>
              {formatCount(words, WORD, locale)}.{" "}
              <span className={missing > 0 ? "text-danger" : undefined}>{wordsAfter(wordsLeft, missing, locale)}</span>
            </>
          )}
        </p>
        <div className="mt-4 flex flex-wrap items-end gap-3">
          <label className="font-medium text-sm">
            Style
            <select name="style" className={`${FIELD} mt-2 font-normal`}>
              {STYLES.map((style) => (
                <option key={style.id} value={style.id}>
                  {style.name}
                </option>
              ))}
            </select>
          </label>
          {busy ? (
            <button key="cancel" type="button" onClick={stop} className={button()}>
              Cancel
            </button>
          ) : (
            <button key="rewrite" type="submit" className={button("primary")}>
              {buttonText(missing, wordsLeft, rewritesLeft)}
            </button>
          )}
        </div>
      </form>
      <noscript>
        <p className="text-sm">To rewrite texts, please turn on JavaScript.</p>
      </noscript>
      {refusal && (
        <RefusalNotice
          refusal={refusal}
          product="writer"
          upgrade={smallestUpgrade(
            upgrades,
            refusal.field,
            (refusal.used ?? 0) + (refusal.field === "words_used" ? words : 1),
          )}
        />
      )}
      <div role="status">{stopped && <Notice tone="info" title={stopped} />}</div>
      <RewritingResult rewriting={rewriting} busy={busy} locale={locale} />
    </div>
  );
}

/** The charged words of a canceled rewriting, and the released words. */
function stoppedText({ words, of }: Rewriting, locale: string): string {
  if (words === 0) return "Canceled before anything was rewritten. Nothing was counted.";
  return `Canceled after ${formatNumber(words, locale)} of ${formatCount(of, WORD, locale)}. These count; the other ${formatNumber(of - words, locale)} do not.`;
}

/** The words that are left after rewriting the text. */
function wordsAfter(left: number, missing: number, locale: string): string {
  if (left === 0) return "No words are left until the reset.";
  if (missing <= 0) return `${formatNumber(Math.abs(missing), locale)} left afterwards.`;
  return `Only ${formatNumber(left, locale)} left: shorten it by ${formatNumber(missing, locale)}.`;
}

/** At a limit the button names the reason. It stays enabled, since the server decides. */
function buttonText(missing: number, wordsLeft: number, rewritesLeft: number): string {
  if (rewritesLeft === 0) return "No transformations left";
  if (wordsLeft === 0) return "No words left";
  return missing > 0 ? "Not enough words left" : "Rewrite";
}
