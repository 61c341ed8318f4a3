"use client";

import { useRouter } from "next/navigation";
import { type FormEvent, type ReactNode, useState } from "react";
import { button } from "../button";
import { useInstallation } from "../shell/installation";
import { sendJson } from "../tools/send-json";

interface Replayed {
  id: string;
  outcome: string;
  reason?: string;
}

/** Wraps a table whose rows have checkboxes named `event` (`processor/id`), and replays the selected events. */
export function ReplayForm({ children }: { children: ReactNode }) {
  const { paths } = useInstallation();
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const [message, setMessage] = useState("");

  async function replay(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const events = new FormData(event.currentTarget).getAll("event").map((value) => {
      const [processor = "", ...id] = String(value).split("/");
      return { processor, id: id.join("/") };
    });
    if (events.length === 0) {
      setMessage("Select the events to replay first.");
      return;
    }
    setBusy(true);
    const answer = await sendJson<{ events: Replayed[] }>("POST", `${paths.api}/admin/events/replay`, { events });
    setBusy(false);
    setMessage(answer.ok ? summary(answer.value.events) : answer.refusal.error);
    router.refresh();
  }

  return (
    <form onSubmit={replay} aria-label="Replay events" aria-busy={busy} className="mt-4">
      {children}
      <div className="mt-3 flex flex-wrap items-center gap-3">
        <button type="submit" disabled={busy} className={button()}>
          Replay selected
        </button>
        <p role="status" className="text-muted text-sm">
          {message}
        </p>
      </div>
    </form>
  );
}

function summary(events: readonly Replayed[]): string {
  const counts = new Map<string, number>();
  for (const { outcome } of events) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return `Replayed ${events.length}: ${[...counts].map(([outcome, count]) => `${count} ${outcome}`).join(", ")}.`;
}
