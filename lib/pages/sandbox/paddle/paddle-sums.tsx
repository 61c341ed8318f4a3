import { formatAmount } from "@/lib/messages/plan";

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
          <dd>{formatAmount(-discount.amount, locale)}</dd>
        </div>
      )}
      {tax !== 0 && (
        <div className="flex justify-between gap-4">
          <dt>Tax</dt>
          <dd>{formatAmount(tax, locale)}</dd>
        </div>
      )}
    </>
  );
}
