"use client";

import type { Environments, PaddleEventData } from "@paddle/paddle-js";
import { useEffect, useRef, useState } from "react";
import { button } from "../button";
import { Notice } from "../notice";
import { useInstallation } from "../shell/installation";

export interface PaddleCheckoutProps {
  /** The client-side token; public. */
  token: string;
  environment: Environments;
  transaction: string;
  /** The next page after the payment. If null, this page confirms the payment. */
  paidHref: string | null;
  /** The next page if the buyer closes the checkout without paying. */
  closedHref: string;
}

type Status = "opening" | "open" | "paid" | "failed";

/** Loads Paddle.js, opens the checkout of one transaction, and then navigates to the next page. */
export function PaddleCheckout({ token, environment, transaction, paidHref, closedHref }: PaddleCheckoutProps) {
  const { paths } = useInstallation();
  const [status, setStatus] = useState<Status>("opening");
  const started = useRef(false);

  useEffect(() => {
    // A page can initialize Paddle.js only once.
    if (started.current) return;
    started.current = true;
    let paid = false;

    const onEvent = ({ name }: PaddleEventData) => {
      if (name === "checkout.loaded") setStatus("open");
      if (name === "checkout.error") setStatus("failed");
      if (name === "checkout.completed") {
        paid = true;
        setStatus("paid");
        if (paidHref !== null) window.location.assign(paidHref);
      }
      // Paddle also reports the end of a paid checkout as closed.
      if (name === "checkout.closed" && !paid) window.location.assign(closedHref);
    };

    open({ token, environment, transaction, onEvent }).catch(() => setStatus("failed"));
  }, [token, environment, transaction, paidHref, closedHref]);

  return (
    <>
      <div role="status">
        {status === "opening" && (
          <Notice tone="info" title="Opening the checkout…">
            Paddle takes the payment as our reseller, and its checkout needs JavaScript. Nothing is charged before you
            confirm it.
          </Notice>
        )}
        {status === "open" && (
          <Notice tone="info" title="The checkout is open">
            Pay in Paddle’s window. If you close it, nothing is charged.
          </Notice>
        )}
        {status === "paid" && (
          <Notice tone="good" title="Thank you, your payment was received">
            {paidHref === null ? "Paddle sends a receipt by e-mail. Your account will be updated in a moment." : null}
          </Notice>
        )}
        {status === "failed" && (
          <Notice tone="danger" title="The checkout could not be opened">
            Nothing was charged. Try again; if a browser extension blocks paddle.com, allow it for this page.
          </Notice>
        )}
      </div>
      <p className="mt-5 flex flex-wrap gap-3">
        {status === "failed" && (
          <button type="button" className={button("primary")} onClick={() => window.location.reload()}>
            Try again
          </button>
        )}
        {status === "paid" ? (
          <a href={paidHref ?? paths.billing} className={button("primary")}>
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
 * When it is initialized, Paddle.js opens the transaction of the address's `_ptxn`. The parameter is removed until the
 * checkout is open, so that only this call opens it.
 * @throws Error if Paddle.js cannot be loaded
 */
async function open({ token, environment, transaction, onEvent }: OpenCheckout): Promise<void> {
  const address = window.location.href;
  const withoutTransaction = new URL(address);
  withoutTransaction.searchParams.delete("_ptxn");
  window.history.replaceState(window.history.state, "", withoutTransaction);
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
