import type { CheckoutStatusView } from "@/lib/billing/schemas/purchase";
import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { planName } from "@/lib/messages/plan";
import { RefreshEvery } from "../live/refresh-every";
import { Notice } from "../notice";

/** Each refresh fetches the state from the processor, in case its webhook does not arrive. */
const REFRESH_SECONDS = 4;

interface CheckoutNoticeProps {
  checkout: CheckoutStatusView;
  /** The subscription of the checkout's product as it is now. */
  subscription: SubscriptionView | undefined;
}

/** The state of the checkout from which the user returns, announced to screen readers when it changes. */
export function CheckoutNotice({ checkout, subscription }: CheckoutNoticeProps) {
  // The address stays after the plan has changed or its payment has failed; then there is nothing to confirm.
  const stale = subscription?.plan !== checkout.plan || !["active", "trialing"].includes(subscription.status);
  if (checkout.status === "active" && stale) return null;
  return (
    <div role="status">
      <StatusNotice checkout={checkout} trial={subscription?.status === "trialing"} />
      {checkout.status === "activating" && (
        <>
          <RefreshEvery seconds={REFRESH_SECONDS} />
          {/* Without script the browser reloads the page. */}
          <noscript>
            <meta httpEquiv="refresh" content={String(REFRESH_SECONDS)} />
          </noscript>
        </>
      )}
    </div>
  );
}

interface StatusNoticeProps {
  checkout: CheckoutStatusView;
  /** The plan began with a trial, without a payment. */
  trial: boolean;
}

function StatusNotice({ checkout: { product, plan, status, url }, trial }: StatusNoticeProps) {
  const name = planName(product, plan);
  switch (status) {
    case "activating":
      return (
        <Notice tone="info" title={`Payment received. Activating ${name}…`}>
          This usually takes a few seconds. Your plan will appear here; do not pay again.
        </Notice>
      );
    case "active":
      return (
        <Notice tone="good" title={`${name} is active`}>
          {trial ? "Your trial has started" : "Your payment went through"}, and the new limits apply.
        </Notice>
      );
    case "open":
      return (
        <Notice tone="info" title={`You have not paid for ${name} yet`}>
          Nothing was charged.{" "}
          {url && (
            <a href={url} className="text-ink underline underline-offset-4">
              Go back to the checkout
            </a>
          )}
        </Notice>
      );
    case "expired":
      return (
        <Notice tone="info" title="This checkout has expired">
          Nothing was charged. You can choose the plan again at any time.
        </Notice>
      );
  }
}
