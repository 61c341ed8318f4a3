import type { Route } from "next";
import { paths } from "@/lib/config/current-catalog";
import type { Interval, Processor } from "@/lib/config/terms";
import type { Action } from "../actions/action";
import { ActionForm } from "../actions/action-form";
import { button } from "../button";
import { Link } from "../link";
import type { PlanOption } from "./plan-options";

/** Server actions of the plans' buttons. */
export interface PlanActions {
  start: Action;
  /** Undoes a cancellation or a scheduled change. */
  resume: Action;
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
  /** The page's path, to return to after signing in. */
  currentPath: string;
}

const WIDE = "w-full whitespace-nowrap px-2!";

/** The action that a plan offers, or the reason why it offers none. */
export function PlanAction(props: PlanActionProps) {
  const { option, product, plan, planName, interval, processor, code, subscription, actions, currentPath } = props;
  switch (option.kind) {
    case "start": {
      if (subscription === null)
        return <SignInFirst currentPath={currentPath} chosen={`${product}.${plan}`} planName={planName} />;
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
          href={`${paths().billing}/change?product=${product}&plan=${plan}&interval=${interval}` as Route}
          className={`${button(option.direction === "up" ? "primary" : "plain")} ${WIDE}`}
        >
          {option.direction === "interval" ? `Pay ${interval}` : `Switch to ${planName}`}
        </Link>
      );
    case "cancel":
      return (
        <Link href={`${paths().billing}/cancel?product=${product}` as Route} className={`${button()} ${WIDE}`}>
          Cancel my plan
        </Link>
      );
    case "current":
      if (option.undo === null) return null;
      return (
        <ActionForm
          action={actions.resume}
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
          {option.reason}{" "}
          {option.help && (
            <Link href={option.help.href as Route} className="text-ink underline underline-offset-4">
              {option.help.text}
            </Link>
          )}
        </p>
      );
  }
}

function SignInFirst({ currentPath, chosen, planName }: { currentPath: string; chosen: string; planName: string }) {
  const next = `${currentPath}${currentPath.includes("?") ? "&" : "?"}choose=${chosen}`;
  return (
    <Link
      href={`${paths().signIn}?next=${encodeURIComponent(next)}` as Route}
      className={`${button("primary")} ${WIDE}`}
    >
      Choose {planName}
    </Link>
  );
}
