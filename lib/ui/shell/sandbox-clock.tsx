"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { sendJson } from "../tools/send-json";
import { useInstallation } from "./installation";

const MOVES = [
  { by: "day", text: "a day", label: "Move my clock by a day" },
  { by: "period", text: "the period’s end", label: "Move my clock to the period’s end" },
  { by: "month", text: "a month", label: "Move my clock by a month" },
];

/** Moves the user's own clock and refreshes the page. */
export function SandboxClock() {
  const { paths } = useInstallation();
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const [message, setMessage] = useState("");

  async function move(by: string) {
    if (busy) return;
    setBusy(true);
    setMessage("Moving the clock…");
    const answer = await sendJson<{ events: number }>("POST", `${paths.api}/sandbox/clock`, { by });
    setMessage(answer.ok ? resultText(answer.value.events) : answer.refusal.error);
    setBusy(false);
    router.refresh();
  }

  return (
    <div className="scripted-only flex flex-wrap items-center gap-x-1">
      <span aria-hidden="true" className="text-on-band-muted">
        Skip ahead:
      </span>
      {MOVES.map(({ by, text, label }) => (
        <button
          key={by}
          type="button"
          aria-label={label}
          aria-disabled={busy}
          onClick={() => move(by)}
          className="inline-flex min-h-11 cursor-pointer items-center rounded-md px-2 underline underline-offset-4 hover:bg-on-band/10 aria-disabled:cursor-default aria-disabled:opacity-60 sm:min-h-9"
        >
          {text}
        </button>
      ))}
      <span role="status" className="text-on-band-muted">
        {message}
      </span>
    </div>
  );
}

function resultText(events: number): string {
  if (events === 0) return "Nothing was due.";
  return events === 1 ? "One webhook arrived." : `${events} webhooks arrived.`;
}
