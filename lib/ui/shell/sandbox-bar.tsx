import type { Route } from "next";
import Link from "next/link";

/** Says on every page of the sandbox that it is one, and as whom; the way to be somebody else. */
export function SandboxBar({ person }: { person: string | null }) {
  return (
    <aside aria-label="Sandbox" className="bg-band text-on-band text-sm">
      <div className="mx-auto flex max-w-4xl items-center justify-between gap-4 px-5 sm:px-6">
        <p className="truncate">
          <span className="font-medium">Sandbox: no money moves</span>
          {person !== null && <span className="hidden sm:inline"> · You are {person}</span>}
        </p>
        <Link
          href={"/sign-in" as Route}
          className="inline-flex min-h-11 shrink-0 items-center rounded-md underline underline-offset-4 sm:min-h-9"
        >
          {person === null ? "Sign in" : "Switch user"}
        </Link>
      </div>
    </aside>
  );
}
