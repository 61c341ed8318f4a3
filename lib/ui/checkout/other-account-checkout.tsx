"use client";

import { useState } from "react";
import { button } from "../button";
import { Notice } from "../notice";
import { useInstallation } from "../shell/installation";
import { PaddleCheckout, type PaddleCheckoutProps } from "./paddle-checkout";

/**
 * The checkout of a payment that another account has started. It opens when the payer confirms. The confirmation is not
 * part of the address, so that a forwarded link cannot contain it. The page names neither the account nor the product.
 */
export function OtherAccountCheckout(props: PaddleCheckoutProps) {
  const { paths } = useInstallation();
  const [confirmed, setConfirmed] = useState(false);
  if (confirmed) return <PaddleCheckout {...props} />;
  return (
    <>
      <Notice tone="warn" title="This payment is for another account">
        You did not start this purchase with the account that you are signed in to. If you pay, the other account gets
        the plan. Nothing was charged.
      </Notice>
      <p className="mt-5 flex flex-wrap gap-3">
        <a href={paths.pricing} className={button("primary")}>
          See plans for my account
        </a>
        <button type="button" className={button()} onClick={() => setConfirmed(true)}>
          Pay for the other account
        </button>
      </p>
    </>
  );
}
