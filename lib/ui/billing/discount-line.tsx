import type { DiscountView } from "@/lib/billing/schemas/usage-view";
import { discountOff, discountOrigin } from "@/lib/messages/discount";
import { Instant } from "../time/instant";

interface DiscountLineProps {
  discount: DiscountView;
  now: string;
  locale: string;
}

/** A running discount, for example "20% off until 3 March (code SPRING)". */
export function DiscountLine({ discount, now, locale }: DiscountLineProps) {
  const { endsAt } = discount;
  const origin = discountOrigin(discount);
  return (
    <p className="wrap-anywhere">
      {discountOff(discount, locale)}
      {endsAt && (
        <>
          {" "}
          until <Instant at={endsAt} now={now} />
        </>
      )}
      {origin && ` (${origin})`}
    </p>
  );
}
