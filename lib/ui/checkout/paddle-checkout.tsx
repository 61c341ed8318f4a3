"use client";

import type { Environments, PaddleEventData } from "@paddle/paddle-js";
import { useEffect, useRef, useState } from "react";
import { button } from "../button";
import { Notice } from "../notice";

export interface PaddleCheckoutProps {
  /** The client-side token; public. */
  token: string;
  environment: Environments;
  transaction: string;
  /** Where a paid buyer goes; null: the payment is confirmed on this page. */
  paidHref: string | null;
  /** Where a buyer goes who closes the checkout without paying. */
  closedHref: string;
}

type Stage = "opening" | "open" | "paid" | "failed";

/** Loads Paddle.js, opens the checkout of one transaction, and sends the payer on. */
export function PaddleCheckout({ token, environment, transaction, paidHref, closedHref }: PaddleCheckoutProps) {
  const [stage, setStage] = useState<Stage>("opening");
  const begun = useRef(false);

  useEffect(() => {
    // Paddle.js can be initialized once on a page.
    if (begun.current) return;
    begun.current = true;
    let paid = false;

    const onEvent = ({ name }: PaddleEventData) => {
      if (name === "checkout.loaded") setStage("open");
      if (name === "checkout.error") setStage("failed");
      if (name === "checkout.completed") {
        paid = true;
        setStage("paid");
        if (paidHref !== null) window.location.assign(paidHref);
      }
      // Paddle also reports the end of a paid checkout as closed.
      if (name === "checkout.closed" && !paid) window.location.assign(closedHref);
    };

    open({ token, environment, transaction, onEvent }).catch(() => setStage("failed"));
  }, [token, environment, transaction, paidHref, closedHref]);

  return (
    <>
      <div role="status">
        {stage === "opening" && (
          <Notice tone="info" title="Opening the checkout…">
            Paddle takes the payment as our reseller, and its checkout needs JavaScript. Nothing is charged before you
            confirm it.
          </Notice>
        )}
        {stage === "open" && (
          <Notice tone="info" title="The checkout is open">
            Pay in the window of Paddle. If you close it, nothing is charged.
          </Notice>
        )}
        {stage === "paid" && (
          <Notice tone="good" title="Thank you, your payment was received">
            {paidHref === null ? "Paddle sends a receipt by e-mail. Your account is up to date in a moment." : null}
          </Notice>
        )}
        {stage === "failed" && (
          <Notice tone="danger" title="The checkout could not be opened">
            Nothing was charged. Try again; if a browser extension blocks paddle.com, allow it for this page.
          </Notice>
        )}
      </div>
      <p className="mt-5 flex flex-wrap gap-3">
        {stage === "failed" && (
          <button type="button" className={button("primary")} onClick={() => window.location.reload()}>
            Try again
          </button>
        )}
        {stage === "paid" ? (
          <a href={paidHref ?? "/billing"} className={button("primary")}>
            Go to your plan
          </a>
        ) : (
          <a href={closedHref} className={button()}>
            Cancel
          </a>
        )}
      </p>
    </>
  );
}

interface OpenCheckout {
  token: string;
  environment: Environments;
  transaction: string;
  onEvent: (event: PaddleEventData) => void;
}

/**
 * Paddle.js opens the transaction of `_ptxn` by itself when it is initialized. The address does without `_ptxn` until the
 * checkout is open, so that this call is the only one that opens it.
 * @throws Error if Paddle.js cannot be loaded
 */
async function open({ token, environment, transaction, onEvent }: OpenCheckout): Promise<void> {
  const address = window.location.href;
  const without = new URL(address);
  without.searchParams.delete("_ptxn");
  window.history.replaceState(window.history.state, "", without);
  try {
    const { initializePaddle } = await import("@paddle/paddle-js");
    const theme = window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const paddle = await initializePaddle({ token, environment, eventCallback: onEvent });
    if (paddle === undefined) throw new Error("Paddle.js did not load.");
    paddle.Checkout.open({ transactionId: transaction, settings: { displayMode: "overlay", theme } });
  } finally {
    window.history.replaceState(window.history.state, "", address);
  }
}
