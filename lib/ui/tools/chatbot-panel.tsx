"use client";

import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import { button, FIELD } from "../button";
import type { Chatbot } from "./chatbots-tool";
import { RefusalNotice } from "./refusal-notice";
import { type Refusal, sendJson } from "./send-json";

interface ChatbotPanelProps {
  chatbot: Chatbot;
  onChanged: () => void;
}

interface Said {
  id: number;
  by: "you" | "bot";
  text: string;
}

/** One chatbot with its conversation, kept as long as the page is open. */
export function ChatbotPanel({ chatbot, onChanged }: ChatbotPanelProps) {
  const router = useRouter();
  const [said, setSaid] = useState<Said[]>([]);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [busy, setBusy] = useState(false);
  const path = `/api/chatbots/${encodeURIComponent(chatbot.id)}`;

  async function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const text = String(new FormData(form).get("text")).trim();
    if (text === "" || busy) return;
    setBusy(true);
    const answer = await sendJson<{ reply: string }>("POST", `${path}/messages`, { text });
    setRefusal(answer.ok ? null : answer.refusal);
    if (answer.ok) {
      form.reset();
      const id = said.length;
      setSaid([...said, { id, by: "you", text }, { id: id + 1, by: "bot", text: answer.value.reply }]);
      router.refresh();
    }
    setBusy(false);
  }

  async function remove() {
    setBusy(true);
    const answer = await sendJson("DELETE", path);
    if (answer.ok || answer.status === 404) onChanged();
    else {
      setRefusal(answer.refusal);
      setBusy(false);
    }
  }

  return (
    <section aria-label={chatbot.name} className="rounded-xl border border-line bg-surface">
      <header className="flex items-center justify-between gap-4 py-2 pr-2 pl-5">
        <h3 className="truncate font-medium text-sm">{chatbot.name}</h3>
        <DeleteButton name={chatbot.name} busy={busy} onDelete={remove} />
      </header>
      <div role="log" aria-label={`Conversation with ${chatbot.name}`} className="space-y-2 px-5 text-sm">
        {said.map(({ id, by, text }) => (
          <p key={id} className={by === "you" ? "text-right" : undefined}>
            <span className="sr-only">{by === "you" ? "You: " : `${chatbot.name}: `}</span>
            <span
              className={`inline-block max-w-[85%] rounded-lg px-3 py-2 text-left ${by === "you" ? "bg-accent-soft" : "bg-sunken"}`}
            >
              {text}
            </span>
          </p>
        ))}
      </div>
      <div className="space-y-3 p-5 pt-3">
        {refusal && <RefusalNotice refusal={refusal} product="chatbots" />}
        <form onSubmit={send} className="flex gap-2">
          <input
            name="text"
            required
            maxLength={2_000}
            autoComplete="off"
            aria-label={`Message to ${chatbot.name}`}
            placeholder="Write a message"
            className={FIELD}
          />
          <button type="submit" disabled={busy} className={button()}>
            Send
          </button>
        </form>
      </div>
    </section>
  );
}

/** Deleting takes two presses in the same place; leaving the button takes the first one back. */
function DeleteButton({ name, busy, onDelete }: { name: string; busy: boolean; onDelete: () => void }) {
  const [sure, setSure] = useState(false);
  return (
    <button
      type="button"
      disabled={busy}
      onClick={() => (sure ? onDelete() : setSure(true))}
      onBlur={() => setSure(false)}
      className={`${button("quiet")} shrink-0 ${sure ? "text-danger hover:text-danger" : ""}`}
    >
      {sure ? "Delete for good" : "Delete"}
      <span className="sr-only"> {name}</span>
    </button>
  );
}
