"use client";

import { useState } from "react";
import { button } from "../button";
import { Notice } from "../notice";
import { PaddleCheckout, type PaddleCheckoutProps } from "./paddle-checkout";

/**
 * The checkout of a payment that another account has begun: it opens once the payer has chosen so. The choice is no part of
 * the address, since who forwards the link must not make it. Nothing here tells whose the payment is or for what.
 */
export function AnothersPaddleCheckout(props: PaddleCheckoutProps) {
  const [chosen, setChosen] = useState(false);
  if (chosen) return <PaddleCheckout {...props} />;
  return (
    <>
      <Notice tone="warn" title="This payment is for another account">
        You did not start this purchase with the account that you are signed in to. If you pay, the other account gets
        the plan. Nothing was charged.
      </Notice>
      <p className="mt-5 flex flex-wrap gap-3">
        <a href="/pricing" className={button("primary")}>
          See plans for my account
        </a>
        <button type="button" className={button()} onClick={() => setChosen(true)}>
          Pay for the other account
        </button>
      </p>
    </>
  );
}
