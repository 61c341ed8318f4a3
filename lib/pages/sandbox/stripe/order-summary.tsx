import { formatAmount } from "@/lib/messages/plan";
import type { CheckoutView } from "@/lib/sandbox";
import { Instant } from "@/lib/ui/time/instant";

/** The order, the amount due today, and the amount of each renewal. */
export function OrderSummary({ view, locale }: { view: CheckoutView; locale: string }) {
  const [first] = view.lines;
  const { recurring, discount, tax } = view;
  const per = first?.interval ?? "month";
  return (
    <section aria-labelledby="order">
      <h1 id="order" className="mt-2 text-muted">
        Subscribe to {view.lines.map(({ name }) => name).join(" and ")}
      </h1>
      <p className="mt-1 font-semibold text-4xl tabular-nums tracking-tight">
        {formatAmount(view.trialUntil === null ? view.dueToday : recurring, locale)}
        <span className="ml-2 font-normal text-base text-muted tracking-normal">per {per}</span>
      </p>
      <dl className="mt-6 space-y-3 border-line border-t pt-4 text-sm tabular-nums">
        {view.lines.map(({ name, amount, interval }) => (
          <Row key={name} term={name} note={`Billed every ${interval}`} amount={formatAmount(amount, locale)} />
        ))}
        {discount !== null && (
          <Row
            term={discount.name}
            {...(discount.code !== null && { note: `Code ${discount.code}` })}
            amount={formatAmount(-discount.amount, locale)}
          />
        )}
        {tax > 0 && <Row term="Tax" amount={formatAmount(tax, locale)} />}
        <Row term="Total due today" amount={formatAmount(view.dueToday, locale)} strong />
      </dl>
      {view.trialUntil !== null && (
        <p className="mt-4 text-pretty text-muted text-sm">
          Free until <Instant at={view.trialUntil} now={view.now} />, then {formatAmount(recurring, locale)} per {per}{" "}
          until you cancel.
        </p>
      )}
    </section>
  );
}

function Row({
  term,
  note,
  amount,
  strong = false,
}: {
  term: string;
  note?: string;
  amount: string;
  strong?: boolean;
}) {
  return (
    <div className={`flex justify-between gap-4 ${strong ? "border-line border-t pt-3 font-medium" : ""}`}>
      <dt>
        {term}
        {note && <span className="block text-muted">{note}</span>}
      </dt>
      <dd>{amount}</dd>
    </div>
  );
}
