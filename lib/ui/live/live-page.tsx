import type { UsageView } from "@/lib/billing/schemas/usage-view";
import { fingerprint } from "./fingerprint";
import { LiveRefresh } from "./live-refresh";

/** Keeps an open page with `usage` current: changes from webhooks appear without a reload. */
export function LivePage({ usage, pending = false }: { usage: UsageView; pending?: boolean }) {
  return <LiveRefresh shown={fingerprint(usage)} pending={pending || usage.subscriptions.some(isPending)} />;
}

function isPending({ status }: UsageView["subscriptions"][number]): boolean {
  return status === "incomplete" || status === "past_due" || status === "unpaid";
}
