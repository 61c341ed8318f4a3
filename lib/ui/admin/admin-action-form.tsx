"use client";

import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import { button, FIELD } from "../button";
import { sendJson } from "../tools/send-json";

export interface AdminFormField {
  name: string;
  label: string;
  type?: "text" | "number" | "datetime-local" | "hidden";
  options?: readonly { value: string; name: string }[];
  value?: string;
  optional?: boolean;
}

interface AdminActionFormProps {
  method: "POST" | "DELETE";
  path: string;
  fields: readonly AdminFormField[];
  /** The button's text. */
  label: string;
  /** The message after success. */
  done: string;
  tone?: "primary" | "plain";
  /** The form's accessible name. */
  title: string;
}

/** An admin action as a form; it shows its result in place and refreshes the page. */
export function AdminActionForm({ method, path, fields, label, done, tone = "plain", title }: AdminActionFormProps) {
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const [result, setResult] = useState<{ ok: boolean; text: string } | null>(null);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    setBusy(true);
    const answer = await sendJson(method, path, bodyOf(fields, new FormData(event.currentTarget)));
    setBusy(false);
    setResult(answer.ok ? { ok: true, text: done } : { ok: false, text: answer.refusal.error });
    router.refresh();
  }

  return (
    <form onSubmit={submit} aria-label={title} aria-busy={busy} className="flex flex-wrap items-end gap-3">
      {fields.map((field) => (
        <Field key={field.name} {...field} />
      ))}
      <button type="submit" disabled={busy} className={button(tone)}>
        {label}
      </button>
      <p role="status" className={`w-full text-sm empty:hidden ${result?.ok ? "text-muted" : "text-danger"}`}>
        {result?.text}
      </p>
    </form>
  );
}

function Field({ name, label, type = "text", options, value, optional = false }: AdminFormField) {
  if (type === "hidden") return <input type="hidden" name={name} value={value} />;
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is one of the two below
    <label className="flex min-w-32 flex-1 flex-col gap-1 text-muted text-xs sm:max-w-64">
      {label}
      {options ? (
        <select name={name} defaultValue={value} className={FIELD}>
          {options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.name}
            </option>
          ))}
        </select>
      ) : (
        <input
          name={name}
          type={type}
          defaultValue={value}
          required={!optional}
          autoComplete="off"
          spellCheck={false}
          {...(type === "number" && { min: 0, step: 1, inputMode: "numeric" as const })}
          className={FIELD}
        />
      )}
    </label>
  );
}

function bodyOf(fields: readonly AdminFormField[], form: FormData): Record<string, unknown> {
  return Object.fromEntries(
    fields.flatMap(({ name, type, optional }): [string, unknown][] => {
      const value = String(form.get(name) ?? "").trim();
      if (value === "" && optional) return [];
      if (type === "number") return [[name, Number(value)]];
      return [[name, type === "datetime-local" ? new Date(value).toISOString() : value]];
    }),
  );
}
