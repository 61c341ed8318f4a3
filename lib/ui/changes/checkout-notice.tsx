import type { CheckoutStatusView } from "@/lib/billing/schemas/purchase";
import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { planName } from "@/lib/messages/plan";
import { RefreshEvery } from "../live/refresh-every";
import { Notice } from "../notice";

/** Drawing the page again asks the processor again, should its webhook not come at all. */
const AGAIN_SECONDS = 4;

interface CheckoutNoticeProps {
  checkout: CheckoutStatusView;
  /** The subscription of the checkout's product as it is now. */
  subscription: SubscriptionView | undefined;
}

/** What has become of the checkout that the reader comes back from. Says it aloud as it changes. */
export function CheckoutNotice({ checkout, subscription }: CheckoutNoticeProps) {
  // The address outlives its news: a plan that has changed, or is not paid for any more, is not congratulated on.
  const stale = subscription?.plan !== checkout.plan || !["active", "trialing"].includes(subscription.status);
  if (checkout.status === "active" && stale) return null;
  return (
    <div role="status">
      <Words checkout={checkout} />
      {checkout.status === "activating" && (
        <>
          <RefreshEvery seconds={AGAIN_SECONDS} />
          {/* Where there is no script, the browser itself looks again. */}
          <noscript>
            <meta httpEquiv="refresh" content={String(AGAIN_SECONDS)} />
          </noscript>
        </>
      )}
    </div>
  );
}

function Words({ checkout: { product, plan, status, url } }: { checkout: CheckoutStatusView }) {
  const name = planName(product, plan);
  switch (status) {
    case "activating":
      return (
        <Notice tone="info" title={`Payment received. Activating ${name}…`}>
          Usually this takes a few seconds. It appears here by itself; you need not pay again.
        </Notice>
      );
    case "active":
      return (
        <Notice tone="good" title={`${name} is yours`}>
          Your payment went through and the new limits apply.
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
          Nothing was charged. Choose the plan again when you like.
        </Notice>
      );
  }
}
