import { formatAmount } from "@/lib/messages/plan";
import type { PaddleTransactionView } from "@/lib/sandbox";
import { button } from "@/lib/ui";

interface TransactionActionsProps {
  action: string;
  view: PaddleTransactionView;
  locale: string;
}

/** The actions of the seller and of the payer's bank. */
export function TransactionActions({ action, view, locale }: TransactionActionsProps) {
  if (view.remaining <= 0) return <p className="text-muted text-sm">Nothing can be paid back of this payment.</p>;
  const all = formatAmount(view.remaining, locale);
  return (
    <form method="post" action={action} className="space-y-5">
      <fieldset>
        <legend className="font-medium text-sm">The seller requests a refund</legend>
        <p className="mt-1 text-pretty text-muted text-sm">
          {view.waits
            ? "A refund waits for approval. Paddle takes no second one until it is decided."
            : "Paddle approves it after ten minutes, unless you decide about it below."}
        </p>
        {!view.waits && (
          <div className="mt-2 flex flex-wrap gap-3">
            <button type="submit" name="action" value="refund" className={button()}>
              Refund {all}
            </button>
            <button type="submit" name="action" value="refund_half" className={button()}>
              Refund half
            </button>
          </div>
        )}
      </fieldset>
      <fieldset>
        <legend className="font-medium text-sm">The payer’s bank takes the money back</legend>
        <p className="mt-1 text-pretty text-muted text-sm">
          A lost chargeback stays as it is. If Paddle wins, reverse it below.
        </p>
        <div className="mt-2 flex flex-wrap gap-3">
          <button type="submit" name="action" value="chargeback" className={button("danger")}>
            Charge back {all}
          </button>
          <button type="submit" name="action" value="chargeback_warning" className={button("danger")}>
            Warn of a chargeback
          </button>
        </div>
      </fieldset>
    </form>
  );
}
