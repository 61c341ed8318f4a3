import type { Route } from "next";
import Link from "next/link";
import type { Interval, Processor } from "@/lib/config/terms";
import type { Action } from "../actions/action";
import { ActionForm } from "../actions/action-form";
import { button } from "../button";
import type { PlanOption } from "./plan-options";

/** Server actions of the plans' buttons. */
export interface PlanActions {
  start: Action;
  /** Undoes a cancellation or a scheduled change. */
  keep: Action;
}

interface PlanActionProps {
  option: PlanOption;
  product: string;
  plan: string;
  planName: string;
  interval: Interval;
  processor: Processor;
  /** The promotion code of the checkout. */
  code: string | null;
  subscription: unknown;
  actions: PlanActions;
  here: string;
}

const WIDE = "w-full whitespace-nowrap px-2!";

/** The one action of a plan, or the reason why there is none. */
export function PlanAction(props: PlanActionProps) {
  const { option, product, plan, planName, interval, processor, code, subscription, actions, here } = props;
  switch (option.kind) {
    case "start": {
      if (subscription === null) return <SignInFirst here={here} chosen={`${product}.${plan}`} planName={planName} />;
      const fields = { product, plan, interval, processor, ...(code !== null && { code }) };
      return (
        <ActionForm
          action={actions.start}
          fields={fields}
          label={`Choose ${planName}`}
          busyLabel="Opening the checkout…"
          tone="primary"
          className={WIDE}
        />
      );
    }
    case "change":
      return (
        <Link
          href={`/billing/change?product=${product}&plan=${plan}&interval=${interval}` as Route}
          className={`${button(option.direction === "up" ? "primary" : "plain")} ${WIDE}`}
        >
          {option.direction === "interval" ? `Pay ${interval}` : `Switch to ${planName}`}
        </Link>
      );
    case "cancel":
      return (
        <Link href={`/billing/cancel?product=${product}` as Route} className={`${button()} ${WIDE}`}>
          Cancel my plan
        </Link>
      );
    case "current":
      if (option.undo === null) return null;
      return (
        <ActionForm
          action={actions.keep}
          fields={{ product }}
          label={`Keep ${planName}`}
          tone="primary"
          className={WIDE}
        />
      );
    case "scheduled":
      return <p className="text-muted text-sm">Starts at the end of this period</p>;
    case "blocked":
      return (
        <p className="text-pretty text-muted text-sm">
          {option.why}{" "}
          {option.help && (
            <Link href={option.help.href as Route} className="text-ink underline underline-offset-4">
              {option.help.text}
            </Link>
          )}
        </p>
      );
  }
}

function SignInFirst({ here, chosen, planName }: { here: string; chosen: string; planName: string }) {
  const back = `${here}${here.includes("?") ? "&" : "?"}choose=${chosen}`;
  return (
    <Link href={`/sign-in?next=${encodeURIComponent(back)}` as Route} className={`${button("primary")} ${WIDE}`}>
      Choose {planName}
    </Link>
  );
}
