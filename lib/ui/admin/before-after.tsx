import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import type { Product } from "@/lib/config/catalog";
import { formatNumber, formatUtc } from "@/lib/messages/format";

interface BeforeAfterProps {
  /** The product of the subscription. */
  product: Product;
  before: SubscriptionView;
  after: SubscriptionView;
  locale: string;
}

/** A subscription before and after, line by line. Changes are marked in text as well as in style. */
export function BeforeAfter({ product, before, after, locale }: BeforeAfterProps) {
  const [oldLines, newLines] = [linesOf(product, before, locale), linesOf(product, after, locale)];
  return (
    <table className="w-full text-left text-sm tabular-nums">
      <caption className="sr-only">{product.name}, before and after</caption>
      <thead>
        <tr className="border-line border-b text-muted text-xs">
          <th scope="col" className="py-1 pr-3 font-medium">
            {product.name}
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
        {newLines.map(([name, value], line) => {
          const old = oldLines[line]?.[1] ?? "";
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

function linesOf(product: Product, view: SubscriptionView, locale: string): [string, string][] {
  const name = (plan: string) => product.plans[plan]?.name ?? plan;
  const number = (value: number) => formatNumber(value, locale);
  const { meters, plan, limitPlan, periodEnd } = view;
  return [
    ["Plan", plan === limitPlan ? name(plan) : `${name(plan)}, limits of ${name(limitPlan)}`],
    ["Status", view.status],
    ["Window from", formatUtc(view.windowStart)],
    ["Resets", view.resetsAt === null ? "never" : formatUtc(view.resetsAt)],
    ["Period to", periodEnd === null ? "none" : formatUtc(periodEnd)],
    ...meters.map((meter): [string, string] => {
      const label = product.meters[meter.field]?.label ?? meter.field;
      const withheld = meter.unpaidHeld > 0 ? `, ${number(meter.unpaidHeld)} withheld` : "";
      const reserved = meter.reserved > 0 ? `, ${number(meter.reserved)} reserved` : "";
      return [label, `${number(meter.used)} of ${number(meter.limit)}${withheld}${reserved}`];
    }),
  ];
}
