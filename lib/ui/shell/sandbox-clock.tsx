"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { sendJson } from "../tools/send-json";

const MOVES = [
  { by: "day", text: "a day", says: "Move my clock by a day" },
  { by: "period", text: "the period’s end", says: "Move my clock to the period’s end" },
  { by: "month", text: "a month", says: "Move my clock by a month" },
];

/** Moves the reader's own clock; the page shows the effects. */
export function SandboxClock() {
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState("");

  async function move(by: string) {
    if (busy) return;
    setBusy(true);
    setSaid("Time passes…");
    const answer = await sendJson<{ events: number }>("POST", "/api/sandbox/clock", { by });
    setSaid(answer.ok ? arrived(answer.value.events) : answer.refusal.error);
    setBusy(false);
    router.refresh();
  }

  return (
    <div className="scripted-only flex flex-wrap items-center gap-x-1">
      <span aria-hidden="true" className="text-on-band-muted">
        Skip ahead:
      </span>
      {MOVES.map(({ by, text, says }) => (
        <button
          key={by}
          type="button"
          aria-label={says}
          aria-disabled={busy}
          onClick={() => move(by)}
          className="inline-flex min-h-11 cursor-pointer items-center rounded-md px-2 underline underline-offset-4 hover:bg-on-band/10 aria-disabled:cursor-default aria-disabled:opacity-60 sm:min-h-9"
        >
          {text}
        </button>
      ))}
      <span role="status" className="text-on-band-muted">
        {said}
      </span>
    </div>
  );
}

function arrived(events: number): string {
  if (events === 0) return "Nothing was due.";
  return events === 1 ? "One webhook arrived." : `${events} webhooks arrived.`;
}
