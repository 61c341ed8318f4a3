"use client";

import { type FormEvent, useState } from "react";
import { button } from "../button";
import { RefusalNotice } from "../tools/refusal-notice";
import { type Refusal, sendJson } from "../tools/send-json";

/** Erasing one's account: said what it does, confirmed in place, refused in the server's own words. */
export function EraseAccount() {
  const [sure, setSure] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);

  async function erase(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    setBusy(true);
    const answer = await sendJson("DELETE", "/api/account");
    if (answer.ok) {
      // A whole new page: nothing of the one who was signed in may be left in the router's cache.
      window.location.assign("/sign-out");
      return;
    }
    setBusy(false);
    setRefusal(answer.refusal);
  }

  return (
    <form onSubmit={erase} className="space-y-4" aria-busy={busy}>
      <label className="flex min-h-11 items-center gap-3 text-sm">
        <input type="checkbox" checked={sure} onChange={(event) => setSure(event.currentTarget.checked)} />I am sure:
        erase my data.
      </label>
      {refusal && <RefusalNotice refusal={refusal} />}
      <button type="submit" disabled={!sure || busy} className={button()}>
        Erase my account
      </button>
    </form>
  );
}
