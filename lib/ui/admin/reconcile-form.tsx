"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import type { ReconcileReport } from "@/lib/jobs";
import { button } from "../button";
import { useInstallation } from "../shell/installation";
import { sendJson } from "../tools/send-json";

/** Compares subscriptions with the processors and meters with the ledger, and lists the differences. */
export function ReconcileForm({ userId }: { userId?: string }) {
  const { paths } = useInstallation();
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const [report, setReport] = useState<ReconcileReport | null>(null);
  const [problem, setProblem] = useState("");

  async function run(repair: boolean) {
    setBusy(true);
    const answer = await sendJson<ReconcileReport>("POST", `${paths.api}/admin/reconcile`, {
      repair,
      ...(userId !== undefined && { userId }),
    });
    setBusy(false);
    setReport(answer.ok ? answer.value : null);
    setProblem(answer.ok ? "" : answer.refusal.error);
    if (repair) router.refresh();
  }

  return (
    <div aria-busy={busy}>
      <div className="flex flex-wrap gap-3">
        <button type="button" disabled={busy} onClick={() => run(false)} className={button()}>
          Compare
        </button>
        <button type="button" disabled={busy} onClick={() => run(true)} className={button()}>
          Compare and repair
        </button>
      </div>
      <div role="status" className="mt-3 text-sm">
        {problem && <p className="text-danger">{problem}</p>}
        {report && <Report {...report} />}
      </div>
    </div>
  );
}

/** Names of fields whose identifier is not readable. */
const FIELD_NAMES: Readonly<Record<string, string>> = {
  openInvoice: "open invoice",
  periodStart: "period start",
  periodEnd: "period end",
  cancelAt: "ends at",
};

function Report({ subscriptions, usage }: ReconcileReport) {
  const { checked, different, repaired, notFound, unreachable, recordsUnread, findings } = subscriptions;
  return (
    <>
      <p className="tabular-nums">
        {checked} subscriptions compared: {different} different, {repaired} repaired, {notFound} not found at the
        processor, {unreachable} could not be fetched.
        {recordsUnread > 0 &&
          ` The payments and refunds of ${recordsUnread} could not be listed. Check the permissions of the API key.`}
        {usage && ` ${usage.drifting} of ${usage.checked} users' meters differed, ${usage.repaired} repaired.`}
        {usage && usage.driftingHours > 0 && ` The sums of ${usage.driftingHours} hours differed from the ledger.`}
        {!(subscriptions.complete && (usage?.complete ?? true)) &&
          " Not all are compared yet: press again to continue."}
      </p>
      <ul className="mt-2 divide-y divide-line border-line border-y empty:hidden">
        {findings.map(({ userId, product, processor, subscription, finding, differences, repaired: done }) => (
          <li key={`${product}/${processor}/${subscription}`} className="py-2">
            <p>
              <strong>{userId}</strong> {product}, {processor} {subscription}:{" "}
              {finding === "not_found" &&
                "not found at the processor. Nothing was changed. Check that the API key is the right one."}
              {finding === "unknown_price" && "none of its prices is in the catalog."}
              {finding === "different" && (done ? "repaired." : "different.")}
            </p>
            {differences.map(({ field, here, there }) => (
              <p key={`${field}/${there}`} className="text-muted">
                {FIELD_NAMES[field] ?? field}: {here ?? "none"} here, {there ?? "none"} there
              </p>
            ))}
          </li>
        ))}
        {(usage?.drifts ?? []).map(({ userId, field, counted, actual }) => (
          <li key={`${userId}/${field}`} className="py-2">
            <strong>{userId}</strong> {field}: the meter shows {counted}, the ledger or the existing items {actual}.
          </li>
        ))}
        {(usage?.hourDrifts ?? []).map(({ userId, field, hour, summed, actual }) => (
          <li key={`${userId}/${field}/${hour}`} className="py-2">
            <strong>{userId}</strong> {field}: the sum of the hour {hour} is {summed}, the ledger has {actual}.
          </li>
        ))}
      </ul>
    </>
  );
}
