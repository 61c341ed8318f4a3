"use client";

import { useRouter } from "next/navigation";
import { startTransition } from "react";

/** Shown for any error; most often the database does not answer. It imports no code that may itself have failed. */
export default function ErrorPage({ reset }: { error: Error; reset: () => void }) {
  const router = useRouter();
  const retry = () =>
    startTransition(() => {
      router.refresh();
      reset();
    });
  return (
    <div role="alert" className="m-auto max-w-md px-5 py-16">
      <h1 className="font-semibold text-2xl tracking-tight">We cannot show this page right now</h1>
      <p className="mt-2 mb-6 text-pretty text-muted">
        Your plan and your usage are safe, but we cannot read them at the moment. Please try again in a minute.
      </p>
      <button
        type="button"
        onClick={retry}
        className="inline-flex min-h-11 cursor-pointer items-center rounded-lg bg-accent px-4 font-medium text-on-accent text-sm hover:bg-accent-strong sm:min-h-9"
      >
        Try again
      </button>
    </div>
  );
}
