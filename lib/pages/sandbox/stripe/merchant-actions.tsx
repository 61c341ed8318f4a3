import type { ReactNode } from "react";
import { formatAmount } from "@/lib/messages/plan";
import type { InvoiceView } from "@/lib/sandbox";
import { button } from "@/lib/ui";

interface MerchantActionsProps {
  action: string;
  refundSummary: NonNullable<InvoiceView["refundSummary"]>;
  locale: string;
  problem: ReactNode;
}

const DISPUTES: Readonly<Record<string, string>> = {
  needs_response: "The customer's bank disputes this payment. The business has not answered.",
  under_review: "The bank looks at the business's evidence.",
  won: "The business won the dispute: the amount came back.",
  lost: "The business lost the dispute: the amount is gone.",
};

/** Actions of the business and the bank. In the sandbox the visitor has both roles. */
export function MerchantActions({ action, refundSummary, locale, problem }: MerchantActionsProps) {
  const { can, refunded, credited, dispute } = refundSummary;
  return (
    <section aria-labelledby="merchant" className="space-y-4 rounded-xl border border-line bg-surface p-5">
      <h2 id="merchant" className="font-semibold">
        Actions of the business and the bank
      </h2>
      {problem}
      <div className="space-y-1 text-pretty text-muted text-sm tabular-nums">
        <p>{refunded > 0 ? `${formatAmount(refunded, locale)} was refunded.` : "Nothing was refunded."}</p>
        {credited > 0 && <p>{formatAmount(credited, locale)} was credited by a credit note.</p>}
        {dispute !== null && <p>{DISPUTES[dispute]}</p>}
      </div>
      <form method="post" action={action} className="flex flex-wrap gap-3">
        {can.refund && <Act name="refund" text="Refund" />}
        {can.refund && <Act name="refund_half" text="Refund half" />}
        {can.refund && <Act name="credit_note" text="Refund by credit note" />}
        {can.dispute && <Act name="dispute" text="Open a dispute" />}
        {can.answer && <Act name="answer" text="Send evidence" />}
        {can.close && <Act name="win" text="Win" />}
        {can.close && <Act name="lose" text="Lose" />}
      </form>
    </section>
  );
}

function Act({ name, text }: { name: string; text: string }) {
  return (
    <button type="submit" name="action" value={name} className={button()}>
      {text}
    </button>
  );
}
