import { ChevronRight, CreditCard, Landmark } from "lucide-react";
import { button } from "@/lib/ui";

interface TestCardsProps {
  /** The form's address; the cards are its buttons, its other fields the children. */
  action: string;
  /** The action of a card's button: "Pay $19.99". */
  verb: string;
  /** Cards, and bank accounts if the processor debits them. */
  cards: readonly { id: string; number: string; does: string; bank?: boolean }[];
  children?: React.ReactNode;
  /** The action without a card; null if there is none. */
  without?: string | null;
}

/** Test cards as buttons that pay. A plain form, which works without script. */
export function TestCards({ action, verb, cards, children, without = null }: TestCardsProps) {
  return (
    <form method="post" action={action} className="space-y-5">
      {children}
      <fieldset>
        <legend className="font-medium text-sm">{verb} with a test card</legend>
        <ul className="mt-2 divide-y divide-line overflow-hidden rounded-xl border border-line-strong bg-surface">
          {cards.map(({ id, number, does, bank }) => (
            <li key={id}>
              <button
                type="submit"
                name="card"
                value={id}
                className="flex w-full cursor-pointer items-center gap-4 px-4 py-3 text-left transition-colors hover:bg-sunken focus-visible:-outline-offset-2"
              >
                <MethodSymbol bank={bank ?? false} />
                <span className="min-w-0 flex-1">
                  <span className="sr-only">{verb} with </span>
                  <span className="block font-medium text-sm tabular-nums">{number}</span>
                  <span className="block text-pretty text-muted text-sm">{does}</span>
                </span>
                <ChevronRight aria-hidden="true" className="size-4 shrink-0 text-faint" />
              </button>
            </li>
          ))}
        </ul>
      </fieldset>
      {without !== null && (
        <button type="submit" name="card" value="none" className={`${button()} w-full`}>
          {without}
        </button>
      )}
    </form>
  );
}

function MethodSymbol({ bank }: { bank: boolean }) {
  const Icon = bank ? Landmark : CreditCard;
  return <Icon aria-hidden="true" className="size-5 shrink-0 text-muted" />;
}

interface BankChallengeProps {
  action: string;
  card: string;
  failure: string;
  /** The payer's earlier choices, with which the form pays. */
  fields?: Readonly<Record<string, string | undefined>>;
}

/** The bank's page for a card that needs authentication. */
export function BankChallenge({ action, card, failure, fields = {} }: BankChallengeProps) {
  return (
    <section aria-labelledby="bank" className="rounded-xl border border-line-strong bg-surface p-5">
      <h2 id="bank" className="font-semibold">
        Your bank asks for authentication
      </h2>
      <p className="mt-1 text-pretty text-muted text-sm">
        The card ending in {card} needs authentication. A real bank asks for a code or a confirmation on your phone.
      </p>
      <div className="mt-4 flex flex-wrap gap-3">
        <form method="post" action={action}>
          <input type="hidden" name="card" value={card} />
          <input type="hidden" name="confirmed" value="1" />
          {Object.entries(fields).map(
            ([name, value]) => value !== undefined && <input key={name} type="hidden" name={name} value={value} />,
          )}
          <button type="submit" className={button("primary")}>
            Yes, complete
          </button>
        </form>
        <a href={failure} className={button()}>
          No, fail authentication
        </a>
      </div>
    </section>
  );
}
