import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { product } from "@/lib/config/catalog";
import { formatNumber, formatUtc } from "@/lib/messages/format";
import { planName } from "@/lib/messages/plan";

interface BeforeAfterProps {
  before: SubscriptionView;
  after: SubscriptionView;
  locale: string;
}

/** A subscription before and after, line by line. Changes are marked in text as well as in style. */
export function BeforeAfter({ before, after, locale }: BeforeAfterProps) {
  const [was, is] = [linesOf(before, locale), linesOf(after, locale)];
  return (
    <table className="w-full text-left text-sm tabular-nums">
      <caption className="sr-only">{product(after.product).name}, before and after</caption>
      <thead>
        <tr className="border-line border-b text-muted text-xs">
          <th scope="col" className="py-1 pr-3 font-medium">
            {product(after.product).name}
          </th>
          <th scope="col" className="py-1 pr-3 font-medium">
            Before
          </th>
          <th scope="col" className="py-1 font-medium">
            After
          </th>
        </tr>
      </thead>
      <tbody className="divide-y divide-line">
        {is.map(([name, value], line) => {
          const old = was[line]?.[1] ?? "";
          return (
            <tr key={name}>
              <th scope="row" className="py-1 pr-3 font-normal text-muted">
                {name}
              </th>
              <td className="py-1 pr-3">{old}</td>
              <td className={`py-1 ${old === value ? "" : "font-semibold"}`}>
                {value}
                {old !== value && <span className="sr-only"> (changed)</span>}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function linesOf(view: SubscriptionView, locale: string): [string, string][] {
  const number = (value: number) => formatNumber(value, locale);
  const { meters, plan, limitPlan, periodEnd } = view;
  return [
    [
      "Plan",
      plan === limitPlan
        ? planName(view.product, plan)
        : `${planName(view.product, plan)}, limits of ${planName(view.product, limitPlan)}`,
    ],
    ["Status", view.status],
    ["Window from", formatUtc(view.windowStart)],
    ["Resets", view.resetsAt === null ? "never" : formatUtc(view.resetsAt)],
    ["Period to", periodEnd === null ? "none" : formatUtc(periodEnd)],
    ...meters.map((meter): [string, string] => {
      const label = product(view.product).meters[meter.field]?.label ?? meter.field;
      const held = meter.unpaidHeld > 0 ? `, ${number(meter.unpaidHeld)} held` : "";
      const reserved = meter.reserved > 0 ? `, ${number(meter.reserved)} reserved` : "";
      return [label, `${number(meter.used)} of ${number(meter.limit)}${held}${reserved}`];
    }),
  ];
}
