"use client";

import { type FormEvent, useState } from "react";
import {
  button,
  FIELD,
  type Refusal,
  RefusalNotice,
  smallestUpgrade,
  type UpgradeOptions,
  useStreamedRequest,
} from "tollgate/client";
import type { AnswerLine } from "../_lib/messages";
import type { Chatbot } from "./chatbot";

interface Message {
  id: number;
  by: "you" | "bot";
  text: string;
  /** The reason why an answer is incomplete. */
  note?: string;
}

/** A conversation, stored only while the page is open. An answer appears word by word and can be stopped. */
export function Conversation({
  chatbot,
  path,
  upgrades,
}: {
  chatbot: Chatbot;
  path: string;
  upgrades: UpgradeOptions;
}) {
  const [messages, setMessages] = useState<Message[]>([]);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const { busy, start, stop } = useStreamedRequest<AnswerLine>(path);

  async function send(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = event.currentTarget;
    const text = String(new FormData(form).get("text")).trim();
    if (text === "" || busy) return;
    setRefusal(null);
    const id = messages.length;
    const before = messages;
    let answer: Message = { id: id + 1, by: "bot", text: "" };
    const show = (change: Partial<Message>) => {
      answer = { ...answer, ...change };
      setMessages([...before, { id, by: "you", text }, answer]);
    };
    const streamed = await start({ text }, (line) => {
      if (answer.text === "") form.reset();
      if (line.type === "text") show({ text: answer.text + line.text });
      if (line.type === "failed") show({ note: line.error });
    });
    // The question stays in its field if it was refused or stopped before the first word.
    if (!streamed.ok && answer.text === "") setRefusal(streamed.refusal);
    else if (!streamed.ok) show({ note: "The connection was lost. The partial answer counts as one message." });
    else if (streamed.value === "stopped" && answer.text !== "") show({ note: "Stopped. It counts as one message." });
  }

  return (
    <>
      <div
        role="log"
        aria-label={`Conversation with ${chatbot.name}`}
        aria-busy={busy}
        className="space-y-2 px-5 text-sm"
      >
        {messages.map((message) => (
          <Line key={message.id} message={message} name={chatbot.name} />
        ))}
      </div>
      <div className="space-y-3 p-5 pt-3">
        {refusal && (
          <RefusalNotice
            refusal={refusal}
            product="chatbots"
            upgrade={smallestUpgrade(upgrades, refusal.field, (refusal.used ?? 0) + 1)}
          />
        )}
        <form onSubmit={send} className="flex gap-2">
          <input
            name="text"
            required
            maxLength={4_000}
            autoComplete="off"
            aria-label={`Message to ${chatbot.name}`}
            placeholder="Write a message"
            className={FIELD}
          />
          {busy ? (
            <button key="stop" type="button" onClick={stop} className={button()}>
              Stop
            </button>
          ) : (
            <button key="send" type="submit" className={button()}>
              Send
            </button>
          )}
        </form>
      </div>
    </>
  );
}

function Line({ message: { by, text, note }, name }: { message: Message; name: string }) {
  const byUser = by === "you";
  return (
    <div className={byUser ? "text-right" : undefined}>
      <p
        className={`inline-block max-w-[85%] whitespace-pre-wrap rounded-lg px-3 py-2 text-left wrap-anywhere ${byUser ? "bg-accent-soft" : "bg-sunken"}`}
      >
        <span className="sr-only">{byUser ? "You: " : `${name}: `}</span>
        {text}
      </p>
      {note && <p className="mt-1 text-muted">{note}</p>}
    </div>
  );
}
