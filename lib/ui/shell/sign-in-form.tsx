"use client";

import { ChevronRight } from "lucide-react";
import { type FormEvent, useState } from "react";
import { button, FIELD } from "../button";
import { sendJson } from "../tools/send-json";
import { useInstallation } from "./installation";

interface SignInFormProps {
  /** The path after signing in: a path of ours (return-path.ts). */
  next: string;
  /** Users that sign in with one press. */
  demoUsers: readonly { id: string; name: string; note: string }[];
}

/** Sign-in for the local provider. The forms work without script; with script, a refusal appears in place. */
export function SignInForm({ next, demoUsers }: SignInFormProps) {
  const action = `${useInstallation().paths.api}/auth/local`;
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);

  async function signIn(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const pressed = (event.nativeEvent as SubmitEvent).submitter;
    const userId = new FormData(event.currentTarget, pressed).get("userId");
    setBusy(true);
    const answer = await sendJson("POST", action, { userId: String(userId ?? "").trim() });
    if (answer.ok) {
      // A full page load: the router's cache must keep no data of the previous user.
      window.location.assign(next);
      return;
    }
    setBusy(false);
    setProblem(answer.refusal.error);
  }

  const form = { method: "post", action, onSubmit: signIn } as const;
  return (
    <div className="space-y-8" aria-busy={busy}>
      {demoUsers.length > 0 && (
        <form {...form} aria-label="Demo users">
          <input type="hidden" name="next" value={next} />
          <ul className="divide-y divide-line overflow-hidden rounded-xl border border-line bg-surface">
            {demoUsers.map(({ id, name, note }) => (
              <li key={id}>
                <button
                  type="submit"
                  name="userId"
                  value={id}
                  className="flex w-full cursor-pointer items-center gap-4 px-5 py-3 text-left transition-colors hover:bg-sunken focus-visible:-outline-offset-2"
                >
                  <span className="min-w-0 flex-1">
                    <span className="block font-medium text-sm">{name}</span>
                    <span className="block text-pretty text-muted text-sm">{note}</span>
                  </span>
                  <ChevronRight aria-hidden="true" className="size-4 shrink-0 text-faint" />
                </button>
              </li>
            ))}
          </ul>
        </form>
      )}
      <form {...form}>
        <input type="hidden" name="next" value={next} />
        <label htmlFor="user-id" className="block font-medium text-sm">
          {demoUsers.length > 0 ? "Or use any ID" : "User ID"}
        </label>
        <div className="mt-2 flex gap-2">
          <input
            id="user-id"
            name="userId"
            required
            maxLength={200}
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            aria-describedby="user-id-help"
            className={FIELD}
          />
          <button type="submit" className={`${button("primary")} shrink-0`}>
            Sign in
          </button>
        </div>
        <p id="user-id-help" className="mt-2 text-muted text-sm">
          Any ID works. A new one starts on the free plans.
        </p>
        <p role="alert" className="mt-2 text-danger text-sm empty:hidden">
          {problem}
        </p>
      </form>
    </div>
  );
}
