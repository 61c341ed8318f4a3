"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import { button, type Refusal, RefusalNotice, sendJson, type UpgradeOptions } from "tollgate/client";
import type { Chatbot } from "./chatbot";
import { Conversation } from "./conversation";
import { RenameForm } from "./rename-form";

interface ChatbotPanelProps {
  chatbot: Chatbot;
  upgrades: UpgradeOptions;
  onChanged: () => void;
}

/** One chatbot: its name, its conversation, and the button that deletes it. */
export function ChatbotPanel({ chatbot, upgrades, onChanged }: ChatbotPanelProps) {
  const router = useRouter();
  const [renaming, setRenaming] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [busy, setBusy] = useState(false);
  const path = `/api/chatbots/${encodeURIComponent(chatbot.id)}`;

  async function rename(name: string) {
    setBusy(true);
    const answer = await sendJson("PATCH", path, { name });
    setRefusal(answer.ok ? null : answer.refusal);
    setRenaming(!answer.ok);
    if (answer.ok) router.refresh();
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
      <header className="flex items-center justify-between gap-2 py-2 pr-2 pl-5">
        {renaming ? (
          <RenameForm name={chatbot.name} busy={busy} onRename={rename} onCancel={() => setRenaming(false)} />
        ) : (
          <>
            <h3 className="min-w-0 flex-1 truncate font-medium text-sm" title={chatbot.name}>
              {chatbot.name}
            </h3>
            <button type="button" disabled={busy} onClick={() => setRenaming(true)} className={button("quiet")}>
              Rename <span className="sr-only">{chatbot.name}</span>
            </button>
            <DeleteButton name={chatbot.name} busy={busy} onDelete={remove} />
          </>
        )}
      </header>
      {refusal && (
        <div className="px-5 pb-3">
          <RefusalNotice refusal={refusal} />
        </div>
      )}
      <Conversation chatbot={chatbot} path={`${path}/messages`} upgrades={upgrades} />
    </section>
  );
}

/** Deletes after a second press on the same button. The first press expires when the button loses the focus. */
function DeleteButton({ name, busy, onDelete }: { name: string; busy: boolean; onDelete: () => void }) {
  const [confirming, setConfirming] = useState(false);
  return (
    <button
      type="button"
      disabled={busy}
      onClick={() => (confirming ? onDelete() : setConfirming(true))}
      onBlur={() => setConfirming(false)}
      className={`${button("quiet")} shrink-0 ${confirming ? "text-danger hover:text-danger" : ""}`}
    >
      {confirming ? "Delete for good" : "Delete"}
      <span className="sr-only"> {name}</span>
    </button>
  );
}
