"use client";

import { type FormEvent, useState } from "react";
import { button } from "../button";
import { useInstallation } from "../shell/installation";
import { RefusalNotice } from "../tools/refusal-notice";
import { type Refusal, sendJson } from "../tools/send-json";

/**
 * Erases the user's account after a confirmation. A refusal appears in place, with the server's text.
 * `afterwards`: the next page, which signs the user out.
 */
export function EraseAccount({ afterwards }: { afterwards: string }) {
  const { paths } = useInstallation();
  const [confirmed, setConfirmed] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);

  async function erase(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    setBusy(true);
    const answer = await sendJson("DELETE", `${paths.api}/account`);
    if (answer.ok) {
      // A full page load: the router's cache must keep no data of the signed-out user.
      window.location.assign(afterwards);
      return;
    }
    setBusy(false);
    setRefusal(answer.refusal);
  }

  return (
    <form onSubmit={erase} className="space-y-4" aria-busy={busy}>
      <label className="flex min-h-11 items-center gap-3 text-sm">
        <input type="checkbox" checked={confirmed} onChange={(event) => setConfirmed(event.currentTarget.checked)} />
        Yes, erase my data.
      </label>
      {refusal && <RefusalNotice refusal={refusal} />}
      <button type="submit" disabled={!confirmed || busy} className={button()}>
        Erase my account
      </button>
    </form>
  );
}
