"use client";

import { type FormEvent, useEffect, useRef } from "react";
import { button, FIELD } from "tollgate/client";

interface RenameFormProps {
  name: string;
  busy: boolean;
  onRename: (name: string) => void;
  onCancel: () => void;
}

/** Edits a chatbot's name in place; Escape cancels. */
export function RenameForm({ name, busy, onRename, onCancel }: RenameFormProps) {
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => field.current?.select(), []);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const newName = field.current?.value.trim() ?? "";
    if (newName === name) onCancel();
    else if (newName !== "") onRename(newName);
  }

  return (
    <form onSubmit={submit} className="flex flex-1 flex-wrap items-center gap-2">
      <input
        ref={field}
        defaultValue={name}
        required
        maxLength={80}
        aria-label={`New name of ${name}`}
        onKeyDown={(event) => event.key === "Escape" && onCancel()}
        className={`${FIELD} min-w-40 flex-1`}
      />
      <button type="submit" disabled={busy} className={button()}>
        Save
      </button>
      <button type="button" disabled={busy} onClick={onCancel} className={button("quiet")}>
        Cancel
      </button>
    </form>
  );
}
