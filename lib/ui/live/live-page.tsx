import type { UsageView } from "@/lib/billing/schemas/usage-view";
import { fingerprint } from "./fingerprint";
import { LiveRefresh } from "./live-refresh";

/** Keeps a page that shows `usage` true while it is open: what a webhook changes appears by itself. */
export function LivePage({ usage, pending = false }: { usage: UsageView; pending?: boolean }) {
  return <LiveRefresh shown={fingerprint(usage)} pending={pending || usage.subscriptions.some(isPending)} />;
}

function isPending({ status }: UsageView["subscriptions"][number]): boolean {
  return status === "incomplete" || status === "past_due" || status === "unpaid";
}
