import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { isFree, isLimited, planName, planPrice, processorName } from "@/lib/messages/plan";
import { Notice } from "../notice";
import { Instant } from "../time/instant";

interface SubscriptionNoticeProps {
  subscription: SubscriptionView;
  now: string;
  locale: string;
}

/** What the reader must know about the subscription beyond its meters, in one notice; empty if all is well. */
export function SubscriptionNotice(props: SubscriptionNoticeProps) {
  const { status, cancelAt, scheduledPlan } = props.subscription;
  if (status === "past_due" || status === "unpaid") return <OpenPayment {...props} />;
  if (status === "incomplete" || status === "incomplete_expired") return <FirstPayment {...props} />;
  if (status === "paused") return <Paused {...props} />;
  if (status === "canceled") return <Ended {...props} />;
  if (isFree(props.subscription)) return status === "free" ? null : <NotInForce {...props} />;
  if (cancelAt !== null) return <Ending {...props} />;
  if (scheduledPlan !== null) return <Switching {...props} />;
  if (status === "trialing") return <Trial {...props} />;
  if (isLimited(props.subscription)) return <UpgradeUnpaid {...props} />;
  return null;
}

function OpenPayment({ subscription, now }: SubscriptionNoticeProps) {
  const { product, plan, limitPlan, graceUntil, meters } = subscription;
  const name = planName(product, plan);
  if (isFree(subscription)) {
    return (
      <Notice tone="danger" title="Your last payment failed">
        The time to make up for it is over, so {name}’s limits apply. Update your card and your plan is back at once.
      </Notice>
    );
  }
  if (isLimited(subscription)) {
    return (
      <Notice tone="danger" title="Your last payment failed">
        Until it goes through, {planName(product, limitPlan)}’s limits apply. Update your card and {name} is back at
        once.
      </Notice>
    );
  }
  const held = meters.some(({ unpaidHeld }) => unpaidHeld > 0);
  return (
    <Notice tone="danger" title="Your last payment failed">
      {graceUntil ? (
        <>
          You can go on until <Instant at={graceUntil} now={now} />; update your card to keep {name}.
        </>
      ) : (
        <>You can go on for a few days; update your card to keep {name}.</>
      )}
      {held && " Until it is paid, what you had used before this renewal is held back from your limits."}
    </Notice>
  );
}

function FirstPayment({ subscription: { status, product, plan } }: SubscriptionNoticeProps) {
  if (status === "incomplete_expired") {
    return (
      <Notice tone="info" title="Your subscription did not start">
        Its first payment was not completed in time. You are on Free.
      </Notice>
    );
  }
  const name = planName(product, plan);
  return (
    <Notice tone="warn" title="Your first payment is not confirmed yet">
      {name === "Free" ? "Your plan starts" : `${name} starts`} as soon as it is. Until then, Free’s limits apply.
    </Notice>
  );
}

function Paused({ subscription: { product, limitPlan } }: SubscriptionNoticeProps) {
  return (
    <Notice tone="info" title="Your subscription is paused">
      {planName(product, limitPlan)}’s limits apply until you resume it. Nothing is charged meanwhile.
    </Notice>
  );
}

function Ended({ subscription }: SubscriptionNoticeProps) {
  return (
    <Notice tone="info" title="Your subscription has ended">
      {isFree(subscription) ? "You are on Free now, and nothing more is charged." : "Nothing more is charged."}
    </Notice>
  );
}

/** A subscription that is active or on trial, and gives no plan. */
function NotInForce({ subscription: { status, product, plan, processor } }: SubscriptionNoticeProps) {
  const name = planName(product, plan);
  if (status === "trialing") {
    return (
      <Notice tone="info" title="You have had your trial before">
        There is one for each product. {name}’s limits apply until your first payment.
      </Notice>
    );
  }
  return (
    <Notice tone="warn" title="Your renewal is not confirmed">
      We have not heard of it from {processorName(processor)} yet, so {name}’s limits apply. Your plan is back as soon
      as we do.
    </Notice>
  );
}

function Ending({ subscription: { product, plan, cancelAt }, now }: SubscriptionNoticeProps) {
  const name = planName(product, plan);
  return (
    <Notice tone="info" title={`${name} is canceled and paid until its end`}>
      Nothing changes until <Instant at={cancelAt as string} now={now} />. From then on you are on Free.
    </Notice>
  );
}

function Switching({ subscription: { product, plan, scheduledPlan, periodEnd }, now }: SubscriptionNoticeProps) {
  const next = planName(product, scheduledPlan as string);
  return (
    <Notice tone="info" title={`You switch to ${next} at the end of this period`}>
      You keep {planName(product, plan)}{" "}
      {periodEnd ? (
        <>
          until <Instant at={periodEnd} now={now} />
        </>
      ) : (
        "until then"
      )}
      .
    </Notice>
  );
}

function Trial({ subscription, now, locale }: SubscriptionNoticeProps) {
  const { product, plan, periodEnd } = subscription;
  const price = planPrice(subscription, locale);
  if (periodEnd === null) return null;
  return (
    <Notice tone="info" title={`You are trying ${planName(product, plan)}`}>
      Your trial ends on <Instant at={periodEnd} now={now} />
      {price && `. From then on it costs ${price}`}.
    </Notice>
  );
}

function UpgradeUnpaid({ subscription: { product, plan, limitPlan } }: SubscriptionNoticeProps) {
  return (
    <Notice tone="warn" title={`${planName(product, plan)} waits for its payment`}>
      {planName(product, limitPlan)}’s limits apply until it goes through.
    </Notice>
  );
}
