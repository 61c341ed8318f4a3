import { formatMoney } from "@/lib/messages/format";

interface PaddleSumsProps {
  discount: { amount: number; code: string | null } | null;
  tax: number;
  locale: string;
}

/** The sums below the items: discount and tax. */
export function PaddleSums({ discount, tax, locale }: PaddleSumsProps) {
  return (
    <>
      {discount !== null && (
        <div className="flex justify-between gap-4">
          <dt>Discount{discount.code !== null && ` (${discount.code})`}</dt>
          <dd>{formatMoney(-discount.amount, locale)}</dd>
        </div>
      )}
      {tax !== 0 && (
        <div className="flex justify-between gap-4">
          <dt>Tax</dt>
          <dd>{formatMoney(tax, locale)}</dd>
        </div>
      )}
    </>
  );
}
