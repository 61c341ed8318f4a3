"use client";

import { type ReactNode, useActionState } from "react";
import { button } from "../button";
import { RefusalNotice } from "../tools/refusal-notice";
import type { Action } from "./action";

interface ActionFormProps {
  action: Action;
  /** Hidden fields of the form. */
  fields: Readonly<Record<string, string>>;
  label: ReactNode;
  /** The button's text while the action runs. */
  busyLabel?: string;
  tone?: "primary" | "plain" | "quiet" | "danger";
  className?: string;
  /** Visible inputs beside the button. */
  children?: ReactNode;
}

/** One button that runs an action. A second press while it runs does nothing. */
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
