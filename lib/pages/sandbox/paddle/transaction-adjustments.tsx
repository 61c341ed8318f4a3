import { formatAmount } from "@/lib/messages/plan";
import type { PaddleTransactionView } from "@/lib/sandbox";
import { button } from "@/lib/ui";
import { Instant } from "@/lib/ui/time/instant";

type Adjustment = PaddleTransactionView["adjustments"][number];

interface TransactionAdjustmentsProps {
  action: string;
  adjustments: readonly Adjustment[];
  now: string;
  locale: string;
}

const ACTIONS: Readonly<Record<Adjustment["action"], string>> = {
  refund: "Refund",
  credit: "Credit",
  credit_reverse: "Credit reversed",
  chargeback: "Chargeback",
  chargeback_reverse: "Chargeback won",
  chargeback_warning: "Chargeback warning",
  chargeback_warning_reverse: "Chargeback warning withdrawn",
};
const STATUSES: Readonly<Record<Adjustment["status"], string>> = {
  pending_approval: "waits for approval",
  approved: "in effect",
  rejected: "rejected",
  reversed: "reversed",
};

/** The refunds and chargebacks of a payment, newest first, with their actions. */
export function TransactionAdjustments({ action, adjustments, now, locale }: TransactionAdjustmentsProps) {
  if (adjustments.length === 0) return null;
  return (
    <section aria-labelledby="adjustments" className="mt-10">
      <h2 id="adjustments" className="font-medium">
        Refunds and chargebacks
      </h2>
      <ul className="mt-3 divide-y divide-line border-line border-y">
        {adjustments.map((each) => (
          <li key={each.id} className="flex flex-wrap items-center justify-between gap-4 py-2 text-sm tabular-nums">
            <span>
              {ACTIONS[each.action]}: {formatAmount(each.amount, locale)}, {STATUSES[each.status]}
            </span>
            <span className="text-muted">
              <Instant at={each.at} now={now} />
            </span>
            <Decision action={action} adjustment={each} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Decision({ action, adjustment }: { action: string; adjustment: Adjustment }) {
  const { id, status, reversible } = adjustment;
  if (status !== "pending_approval" && !reversible) return null;
  return (
    <form method="post" action={action} className="flex flex-wrap gap-3">
      <input type="hidden" name="adjustment" value={id} />
      {reversible ? (
        <button type="submit" name="action" value="chargeback_reverse" className={button()}>
          Paddle wins
        </button>
      ) : (
        <>
          <button type="submit" name="action" value="approve" className={button()}>
            Approve
          </button>
          <button type="submit" name="action" value="reject" className={button()}>
            Reject
          </button>
        </>
      )}
    </form>
  );
}
