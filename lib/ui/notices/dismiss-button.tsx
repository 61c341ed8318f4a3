"use client";

import { X } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { useInstallation } from "../shell/installation";
import { sendJson } from "../tools/send-json";

/** Dismisses a notice permanently. If the request fails, the notice stays. */
export function DismissButton({ id, title }: { id: number; title: string }) {
  const { paths } = useInstallation();
  const router = useRouter();
  const [busy, setBusy] = useState(false);

  async function dismiss() {
    setBusy(true);
    const answer = await sendJson("POST", `${paths.api}/notices/${id}/dismiss`);
    if (answer.ok) router.refresh();
    setBusy(false);
  }

  return (
    <button
      type="button"
      onClick={dismiss}
      disabled={busy}
      aria-label={`Dismiss: ${title}`}
      className="-my-2 flex size-11 shrink-0 cursor-pointer items-center justify-center rounded-lg text-muted hover:bg-sunken hover:text-ink disabled:opacity-60"
    >
      <X aria-hidden="true" className="size-4" />
    </button>
  );
}
