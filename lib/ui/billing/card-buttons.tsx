import type { Route } from "next";
import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import type { Action } from "../actions/action";
import { ActionForm } from "../actions/action-form";
import { ActionsMenu, type MenuEntry } from "../actions/actions-menu";
import { button } from "../button";
import { Link } from "../link";
import { type CardAction, cardActions } from "./card-actions";

/** The server actions of a card's buttons. */
export interface CardActions {
  /** Opens the payment page of the open invoice. */
  pay: Action;
  /** Opens the processor's page for cards and addresses. */
  portal: Action;
  /** Undoes a cancellation, a scheduled change or a pause. */
  resume: Action;
}

interface CardButtonsProps {
  subscription: SubscriptionView;
  /** The card's title. */
  subject: string;
  actions: CardActions;
}

/** A card's primary action, and the rest in a menu. */
export function CardButtons({ subscription, subject, actions }: CardButtonsProps) {
  const { primary, rest } = cardActions(subscription);
  const fields = { product: subscription.product };
  const entries = rest.map(
    (action): MenuEntry => ({
      text: action.text,
      to: action.kind === "link" ? { href: action.href } : { action: actions[action.kind], fields },
    }),
  );
  return (
    <div className="flex flex-wrap items-start gap-2">
      {primary && <Primary action={primary} fields={fields} actions={actions} />}
      {entries.length > 0 && <ActionsMenu subject={subject} entries={entries} />}
    </div>
  );
}

function Primary({
  action,
  fields,
  actions,
}: {
  action: CardAction;
  fields: Record<string, string>;
  actions: CardActions;
}) {
  if (action.kind === "link") {
    return (
      <Link href={action.href as Route} className={button(action.tone ?? "primary")}>
        {action.text}
      </Link>
    );
  }
  return (
    <ActionForm
      action={actions[action.kind]}
      fields={fields}
      label={action.text}
      busyLabel="One moment…"
      tone="primary"
    />
  );
}
