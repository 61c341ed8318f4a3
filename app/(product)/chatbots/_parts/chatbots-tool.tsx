"use client";

import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import {
  button,
  FIELD,
  type Refusal,
  RefusalNotice,
  sendJson,
  smallestUpgrade,
  type UpgradeOptions,
} from "tollgate/client";
import type { Chatbot } from "./chatbot";
import { ChatbotPanel } from "./chatbot-panel";

/** Creates, renames and deletes chatbots, and sends them messages. Each change refreshes the list and the meters. */
export function ChatbotsTool({ chatbots, upgrades }: { chatbots: Chatbot[]; upgrades: UpgradeOptions }) {
  const router = useRouter();
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [busy, setBusy] = useState(false);

  function refresh() {
    setRefusal(null);
    router.refresh();
  }

  async function create(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    setBusy(true);
    const answer = await sendJson("POST", "/api/chatbots", { name: String(new FormData(form).get("name")).trim() });
    if (answer.ok) {
      form.reset();
      refresh();
    } else setRefusal(answer.refusal);
    setBusy(false);
  }

  return (
    <div className="space-y-6">
      <form onSubmit={create} className="flex items-end gap-2">
        <label className="flex-1 font-medium text-sm">
          Name of a new chatbot
          <input name="name" required maxLength={80} placeholder="Support" className={`${FIELD} mt-2 font-normal`} />
        </label>
        <button type="submit" disabled={busy} className={button("primary")}>
          Create
        </button>
      </form>
      {refusal && (
        <RefusalNotice
          refusal={refusal}
          product="chatbots"
          upgrade={smallestUpgrade(upgrades, refusal.field, (refusal.used ?? 0) + 1)}
        />
      )}
      <noscript>
        <p className="text-sm">To create chatbots and send messages, please turn on JavaScript.</p>
      </noscript>
      {chatbots.length === 0 ? (
        <p className="text-muted text-sm">No chatbots yet. Create your first one above.</p>
      ) : (
        <ul className="space-y-4">
          {chatbots.map((chatbot) => (
            <li key={chatbot.id}>
              <ChatbotPanel chatbot={chatbot} upgrades={upgrades} onChanged={refresh} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
