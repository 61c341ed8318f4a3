"use client";

import { useRouter } from "next/navigation";
import { useState } from "react";
import type { ReconcileReport } from "@/lib/jobs";
import { button } from "../button";
import { sendJson } from "../tools/send-json";

/** Compares with the processors and the ledger, and shows the differences before any repair. */
export function ReconcileForm({ userId }: { userId?: string }) {
  const router = useRouter();
  const [busy, setBusy] = useState(false);
  const [report, setReport] = useState<ReconcileReport | null>(null);
  const [problem, setProblem] = useState("");

  async function run(repair: boolean) {
    setBusy(true);
    const answer = await sendJson<ReconcileReport>("POST", "/api/admin/reconcile", {
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

/** What one reads of fields that are no word by themselves. */
const FIELDS: Readonly<Record<string, string>> = {
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
        processor, {unreachable} could not be asked for.
        {recordsUnread > 0 &&
          ` The payments and refunds of ${recordsUnread} could not be listed; may the API key read them?`}
        {usage && ` ${usage.drifting} of ${usage.checked} users' meters were off, ${usage.repaired} repaired.`}
      </p>
      <ul className="mt-2 divide-y divide-line border-line border-y empty:hidden">
        {findings.map(({ userId, product, processor, subscription, finding, differences, repaired: done }) => (
          <li key={`${product}/${processor}/${subscription}`} className="py-2">
            <p>
              <strong>{userId}</strong> {product}, {processor} {subscription}:{" "}
              {finding === "not_found" && "not found at the processor. Nothing was changed; is the key the right one?"}
              {finding === "unknown_price" && "none of its prices there is listed."}
              {finding === "different" && (done ? "repaired." : "different.")}
            </p>
            {differences.map(({ field, here, there }) => (
              <p key={`${field}/${there}`} className="text-muted">
                {FIELDS[field] ?? field}: {here ?? "none"} here, {there ?? "none"} there
              </p>
            ))}
          </li>
        ))}
        {(usage?.drifts ?? []).map(({ userId, field, counted, actual }) => (
          <li key={`${userId}/${field}`} className="py-2">
            <strong>{userId}</strong> {field}: {counted} counted, {actual} by the ledger or the things themselves.
          </li>
        ))}
      </ul>
    </>
  );
}
