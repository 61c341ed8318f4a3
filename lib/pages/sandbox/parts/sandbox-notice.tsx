import { FlaskConical } from "lucide-react";

/** Says that the page is the sandbox's version of a processor's page. */
export function SandboxNotice({ processor, what }: { processor: string; what: string }) {
  return (
    <p className="inline-flex items-center gap-2 rounded-xl border border-warn-line bg-warn-soft px-3 py-1 text-ink text-sm">
      <FlaskConical aria-hidden="true" className="size-4 shrink-0 text-warn" />
      <span>
        <span className="font-medium">Sandbox: no money moves.</span> {what} as {processor} would show it.
      </span>
    </p>
  );
}
