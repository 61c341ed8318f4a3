"use client";

import { type ReactNode, useActionState } from "react";
import { button } from "../button";
import { RefusalNotice } from "../tools/refusal-notice";
import type { Action } from "./action";

interface ActionFormProps {
  action: Action;
  /** Sent along, unseen. */
  fields: Readonly<Record<string, string>>;
  /** The button's text, and what it says while it is being done. */
  label: ReactNode;
  busyLabel?: string;
  tone?: "primary" | "plain" | "quiet" | "danger";
  className?: string;
  /** Visible inputs, in the row of the button. */
  children?: ReactNode;
}

/** One button that does something. A second press while it is being done does nothing. */
export function ActionForm({
  action,
  fields,
  label,
  busyLabel,
  tone = "plain",
  className = "",
  children,
}: ActionFormProps) {
  const [refusal, submit, busy] = useActionState(action, null);
  return (
    <form action={submit} className="space-y-3">
      {Object.entries(fields).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      <div className="flex flex-wrap items-end gap-3">
        {children}
        <button type="submit" disabled={busy} className={`${button(tone)} ${className}`}>
          {busy ? (busyLabel ?? label) : label}
        </button>
      </div>
      {refusal && <RefusalNotice refusal={refusal} />}
    </form>
  );
}
