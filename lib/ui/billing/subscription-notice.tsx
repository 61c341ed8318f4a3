import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import { product } from "@/lib/config/current-catalog";
import { isFree, isLimited, planName, planPrice, processorName } from "@/lib/messages/plan";
import { Notice } from "../notice";
import { Instant } from "../time/instant";

interface SubscriptionNoticeProps {
  subscription: SubscriptionView;
  now: string;
  locale: string;
}

/** The subscription's status in one notice, if it needs attention. */
export function SubscriptionNotice(props: SubscriptionNoticeProps) {
  const { status, cancelAt, scheduledPlan } = props.subscription;
  if (status === "past_due" || status === "unpaid") return <OpenPayment {...props} />;
  if (status === "incomplete" || status === "incomplete_expired") return <FirstPayment {...props} />;
  if (status === "paused") return <Paused {...props} />;
  if (status === "canceled") return <Ended {...props} />;
  if (isFree(props.subscription)) return status === "free" ? null : <NotEffective {...props} />;
  if (cancelAt !== null) return <Ending {...props} />;
  if (scheduledPlan !== null) return <Switching {...props} />;
  if (status === "trialing") return <Trial {...props} />;
  if (isLimited(props.subscription)) return <UpgradeUnpaid {...props} />;
  return null;
}

function OpenPayment({ subscription, now }: SubscriptionNoticeProps) {
  const { product: id, plan, limitPlan, graceUntil, meters } = subscription;
  const name = planName(id, plan);
  if (isFree(subscription)) {
    return (
      <Notice tone="danger" title="Your last payment failed">
        We could not charge you, so {product(id).name} is on {name} for now. Pay the open invoice to get your plan back.
      </Notice>
    );
  }
  if (isLimited(subscription)) {
    return (
      <Notice tone="danger" title="Your last payment failed">
        Until it goes through, {planName(id, limitPlan)}’s limits apply. Pay the open invoice to get {name} back.
      </Notice>
    );
  }
  const withheld = meters.some(({ unpaidHeld }) => unpaidHeld > 0);
  return (
    <Notice tone="danger" title="Your last payment failed">
      {graceUntil ? (
        <>
          You can go on until <Instant at={graceUntil} now={now} />; update your card to keep {name}.
        </>
      ) : (
        <>You can go on for a few days; update your card to keep {name}.</>
      )}
      {withheld && " Until you pay, your usage before this renewal is withheld from your limits."}
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
      {name === "Free" ? "Your plan starts" : `${name} starts`} when it is confirmed. Until then, Free’s limits apply.
    </Notice>
  );
}

function Paused({ subscription: { product, limitPlan } }: SubscriptionNoticeProps) {
  return (
    <Notice tone="info" title="Your subscription is paused">
      {planName(product, limitPlan)}’s limits apply until you resume it. Nothing is charged while it is paused.
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

/** A subscription that is active or in a trial, and has no effect on the plan. */
function NotEffective({ subscription: { status, product, plan, processor } }: SubscriptionNoticeProps) {
  const name = planName(product, plan);
  if (status === "trialing") {
    return (
      <Notice tone="info" title="You have already used your trial">
        Each product has one trial. {name}’s limits apply until your first payment.
      </Notice>
    );
  }
  return (
    <Notice tone="warn" title="Your renewal is not confirmed">
      {processorName(processor)} has not confirmed it yet, so {name}’s limits apply. You get your plan back when it is
      confirmed.
    </Notice>
  );
}

function Ending({ subscription: { product, plan, cancelAt }, now }: SubscriptionNoticeProps) {
  const name = planName(product, plan);
  return (
    <Notice tone="info" title={`${name} is canceled`}>
      You can use {name} until <Instant at={cancelAt as string} now={now} />. After that you are on Free.
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
    <Notice tone="warn" title={`Your payment for ${planName(product, plan)} is not complete`}>
      {planName(product, limitPlan)}’s limits apply until it goes through.
    </Notice>
  );
}
