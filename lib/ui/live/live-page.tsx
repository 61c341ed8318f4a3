import type { UsageView } from "@/lib/billing/schemas/usage-view";
import { fingerprint } from "./fingerprint";
import { LiveRefresh } from "./live-refresh";

/** Keeps an open page with `usage` current: changes from webhooks appear without a reload. */
export function LivePage({ usage, pending = false }: { usage: UsageView; pending?: boolean }) {
  return <LiveRefresh shown={fingerprint(usage)} pending={pending || usage.subscriptions.some(isPending)} />;
}

/** The first payment is under way. An open invoice is paid on another page, and the return refreshes this one. */
function isPending({ status }: UsageView["subscriptions"][number]): boolean {
  return status === "incomplete";
}
