"use client";

import { useRouter } from "next/navigation";
import { type FormEvent, useId, useState } from "react";
import { countWords } from "@/lib/products/words";
import { button, FIELD } from "../button";
import { formatCount, formatNumber } from "../format";
import { RefusalNotice } from "./refusal-notice";
import { type Refusal, sendJson } from "./send-json";

const WORD = { one: "word", many: "words" };
const STYLES = [
  { id: "plain", name: "Plain" },
  { id: "formal", name: "Formal" },
  { id: "friendly", name: "Friendly" },
];

interface WriterToolProps {
  locale: string;
  /** What was left when the page was made; the server has the last word. */
  wordsLeft: number;
  rewritesLeft: number;
}

/** The writer: a text, a style, and what it costs before it is spent. */
export function WriterTool({ locale, wordsLeft, rewritesLeft }: WriterToolProps) {
  const router = useRouter();
  const id = useId();
  const [text, setText] = useState("");
  const [result, setResult] = useState<string | null>(null);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [busy, setBusy] = useState(false);
  const words = countWords(text);

  async function transform(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    const style = new FormData(event.currentTarget).get("style");
    const answer = await sendJson<{ text: string }>("POST", "/api/writer/transform", { text, style });
    setRefusal(answer.ok ? null : answer.refusal);
    if (answer.ok) {
      setResult(answer.value.text);
      router.refresh();
    }
    setBusy(false);
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
          value={text}
          onChange={(event) => setText(event.target.value)}
          aria-describedby={`${id}count`}
          className={`${FIELD} mt-2 block resize-y py-2`}
        />
        <p id={`${id}count`} className="mt-2 text-muted text-sm tabular-nums">
          {words === 0 ? (
            "Words are counted here first; nothing counts until you rewrite."
          ) : (
            <>
              {formatCount(words, WORD, locale)}.{" "}
              <span className={missing > 0 ? "text-danger" : undefined}>{afterwards(wordsLeft, missing, locale)}</span>
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
          <button type="submit" aria-disabled={busy} className={button("primary")}>
            {buttonText(missing, wordsLeft, rewritesLeft)}
          </button>
        </div>
      </form>
      <noscript>
        <p className="text-sm">To have texts rewritten, please turn on JavaScript.</p>
      </noscript>
      {refusal && <RefusalNotice refusal={refusal} product="writer" />}
      <section aria-live="polite" aria-label="Result">
        {result !== null && (
          <div className="rounded-xl border border-line bg-surface p-5">
            <h2 className="font-medium text-sm">Result</h2>
            <p className="mt-2 whitespace-pre-wrap text-sm">{result}</p>
          </div>
        )}
      </section>
    </div>
  );
}

/** What sending the text would leave. */
function afterwards(left: number, missing: number, locale: string): string {
  if (left === 0) return "None are left until the reset.";
  if (missing <= 0) return `${formatNumber(Math.abs(missing), locale)} left afterwards.`;
  return `Only ${formatNumber(left, locale)} left: shorten it by ${formatNumber(missing, locale)}.`;
}

/** The button stays at the limit, and says what stands in the way; the server has the last word. */
function buttonText(missing: number, wordsLeft: number, rewritesLeft: number): string {
  if (rewritesLeft === 0) return "No transformations left";
  if (wordsLeft === 0) return "No words left";
  return missing > 0 ? "Not enough words left" : "Rewrite";
}
