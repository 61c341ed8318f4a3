import type { Route } from "next";
import type { ReactNode } from "react";
import type { ChangePreviewView } from "@/lib/billing/schemas/purchase";
import { paths } from "@/lib/config/current-catalog";
import { collectionWords } from "@/lib/messages/collection";
import { formatMoney } from "@/lib/messages/format";
import { discountWords, moneyWords } from "@/lib/messages/money";
import { planName } from "@/lib/messages/plan";
import { usageEffect } from "@/lib/messages/usage-effect";
import type { Action } from "../actions/action";
import { ActionForm } from "../actions/action-form";
import { button } from "../button";
import { Link } from "../link";
import { Instant } from "../time/instant";
import { MeterChanges } from "./meter-changes";

interface ChangePreviewProps {
  preview: ChangePreviewView;
  change: Action;
  now: string;
  locale: string;
}

/** A plan change before it is confirmed: its charges, the time it takes effect, and its effect on the usage. */
export function ChangePreview({ preview, change, now, locale }: ChangePreviewProps) {
  const { product, to, timing, effectiveAt, dueNow, nextCharge, usage, collection } = preview;
  const name = changeName(preview);
  const interval = to.interval ?? "monthly";
  const later = timing === "period_end";
  const details = moneyWords(preview, locale);
  return (
    <div className="space-y-8">
      <dl className="grid gap-px overflow-hidden rounded-xl border border-line bg-line sm:grid-cols-3">
        <Fact term={collection === "card" ? "Charged today" : "Billed today"}>
          {dueNow === null || dueNow.amount === 0 ? "Nothing" : formatMoney(dueNow.amount, locale, dueNow.currency)}
          {details.length > 0 && (
            <span className="block font-normal text-muted text-sm tracking-normal">{details.join(" · ")}</span>
          )}
        </Fact>
        <Fact term="Next invoice">
          {nextCharge === null ? (
            "None"
          ) : (
            <>
              {formatMoney(nextCharge.amount, locale, nextCharge.currency)}
              <span className="block font-normal text-muted text-sm tracking-normal">
                on <Instant at={nextCharge.at} now={now} />
              </span>
            </>
          )}
        </Fact>
        <Fact term="Takes effect">{later ? <Instant at={effectiveAt} now={now} /> : "Immediately"}</Fact>
      </dl>
      <CollectionLine preview={preview} />
      {preview.discounts.length > 0 && (
        <p className="text-pretty text-muted text-sm">
          Your discount continues: {preview.discounts.map((each) => discountWords(each, locale)).join("; ")}.
        </p>
      )}
      <section aria-labelledby="usage-after">
        <h2 id="usage-after" className="font-semibold text-base">
          What happens to your usage
        </h2>
        <p className="mt-1 mb-3 text-pretty text-muted text-sm">
          {usageEffect(preview, locale)} {later ? "The counters then reset on" : "The next reset is on"}{" "}
          <Instant at={usage.resetsAt} now={now} />.
        </p>
        <MeterChanges product={product} meters={usage.meters} locale={locale} />
      </section>
      <div className="flex flex-wrap items-start gap-3">
        <ActionForm
          action={change}
          fields={{ product, plan: to.plan, interval }}
          label={buttonText(preview, name, locale)}
          busyLabel="One moment…"
          tone="primary"
        />
        <Link href={`${paths().pricing}?product=${product}` as Route} className={button("quiet")}>
          Choose another plan
        </Link>
      </div>
      {later && (
        <p className="text-pretty text-muted text-sm">
          Nothing changes before <Instant at={effectiveAt} now={now} />, and you can undo the switch until then.
        </p>
      )}
    </div>
  );
}

/** How the charge is collected. Empty for a card, which is charged immediately. */
function CollectionLine({ preview }: { preview: ChangePreviewView }) {
  const words = collectionWords(preview);
  return words === null ? null : <p className="text-pretty text-muted text-sm">{words}</p>;
}

/** The new plan, with its interval if only that changes: "Pro", "Pro, paid yearly". */
export function changeName({ product, from, to }: Pick<ChangePreviewView, "product" | "from" | "to">): string {
  const name = planName(product, to.plan);
  return from.plan === to.plan && to.interval ? `${name}, paid ${to.interval}` : name;
}

function buttonText({ timing, dueNow, collection }: ChangePreviewView, name: string, locale: string): string {
  if (timing === "period_end") return `Schedule switch to ${name}`;
  // A card is charged within the request; a bank debit or an invoice is paid later.
  const charged = collection === "card" && dueNow !== null && dueNow.amount > 0;
  return charged
    ? `Pay ${formatMoney(dueNow.amount, locale, dueNow.currency)} and switch to ${name}`
    : `Switch to ${name}`;
}

function Fact({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div className="bg-surface px-5 py-4">
      <dt className="text-muted text-sm">{term}</dt>
      <dd className="mt-0.5 font-semibold text-lg tabular-nums tracking-tight">{children}</dd>
    </div>
  );
}
