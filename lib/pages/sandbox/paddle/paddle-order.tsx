import { formatAmount } from "@/lib/messages/plan";
import type { PaddleCheckoutView } from "@/lib/sandbox";
import { PaddleSums } from "./paddle-sums";

/** The lines of a purchase or an unpaid charge, and the amount due today. */
export function PaddleOrder({ view, locale }: { view: PaddleCheckoutView; locale: string }) {
  const names = [...new Set(view.lines.map(({ name }) => name))].join(" and ");
  const per = view.lines[0]?.interval ?? "month";
  return (
    <section aria-labelledby="order">
      <h1 id="order" className="text-muted">
        {view.begins ? "Subscribe to" : "Pay for"} {names}
      </h1>
      <p className="mt-1 font-semibold text-4xl tabular-nums tracking-tight">
        {formatAmount(view.dueToday, locale)}
        {view.begins && <span className="ml-2 font-normal text-base text-muted tracking-normal">per {per}</span>}
      </p>
      <dl className="mt-6 space-y-3 border-line border-t pt-4 text-sm tabular-nums">
        {view.lines.map(({ name, amount, interval }) => (
          <div key={`${name} ${amount}`} className="flex justify-between gap-4">
            <dt>
              {name}
              <span className="block text-muted">Billed every {interval}</span>
            </dt>
            <dd>{formatAmount(amount, locale)}</dd>
          </div>
        ))}
        <PaddleSums discount={view.discount} tax={view.tax} locale={locale} />
        <div className="flex justify-between gap-4 border-line border-t pt-3 font-medium">
          <dt>Total due today</dt>
          <dd>{formatAmount(view.dueToday, locale)}</dd>
        </div>
      </dl>
      <p className="mt-6 text-pretty text-muted text-sm">
        Paddle is the seller of record: it sells to you in our place, and your receipt has its name.
      </p>
    </section>
  );
}
