import type { Metadata } from "next";
import { currentUser } from "@/lib/identity";
import { currentOffer } from "@/lib/processors";
import { enterPage } from "@/lib/rate-limit";
import {
  CodeNotice,
  LivePage,
  PageFrame,
  PlanGrid,
  pricingChoice,
  pricingPath,
  processorName,
  productNames,
  requestLocale,
  Segments,
} from "@/lib/ui";
import { usageOf } from "@/lib/usage";
import { resumePlan, startCheckout } from "../billing/actions";

export const metadata: Metadata = { title: "Plans" };

const ACTIONS = { start: startCheckout, resume: resumePlan };

interface PricingPageProps {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

/** The plans. A signed-in user also sees the current plan, and the effect of choosing another plan. */
export default async function PricingPage({ searchParams }: PricingPageProps) {
  const [parameters, user, { locale }] = await Promise.all([searchParams, currentUser(), requestLocale()]);
  if (user) await enterPage(user.id);
  const usage = user && (await usageOf(user.id));
  const offer = await currentOffer();
  const choice = pricingChoice(parameters, offer);
  const { product, interval, processor, chosen, code } = choice;
  const products = productNames();
  return (
    <PageFrame>
      <h1 className="font-semibold text-2xl tracking-tight">Plans</h1>
      <p className="mt-1 text-pretty text-muted">
        Change or cancel at any time. Switching keeps your usage. Each renewal resets it.
      </p>
      {code !== null && (
        <div className="mt-5">
          <CodeNotice code={code} pathWithout={pricingPath({ ...choice, code: null })} />
        </div>
      )}
      <div className="mt-5 flex flex-wrap gap-x-6 gap-y-3">
        <Segments
          label="Billed"
          options={offer.intervals(processor, product).map((by) => ({
            name: by === "yearly" ? "Yearly" : "Monthly",
            href: pricingPath({ ...choice, interval: by }),
            current: by === interval,
          }))}
        />
        <Segments
          label="Paid through"
          options={offer.processors.map((id) => ({
            name: processorName(id),
            href: pricingPath({ ...choice, processor: id }),
            current: id === processor,
          }))}
        />
        {products.length > 1 && (
          <Segments
            label="Plans for"
            options={[{ id: null, name: "All" }, ...products].map(({ id, name }) => ({
              name,
              href: pricingPath({ ...choice, product: id }),
              current: id === product,
            }))}
          />
        )}
      </div>
      <div className="mt-8 space-y-12">
        {products
          .filter(({ id }) => product === null || id === product)
          .map(({ id }) => (
            <PlanGrid
              key={id}
              product={id}
              interval={interval}
              processor={processor}
              offer={offer}
              code={code}
              subscription={usage?.subscriptions.find((subscription) => subscription.product === id) ?? null}
              actions={ACTIONS}
              currentPath={pricingPath(choice)}
              chosen={chosen?.product === id ? chosen.plan : null}
              locale={locale}
            />
          ))}
      </div>
      {usage && <LivePage usage={usage} />}
    </PageFrame>
  );
}
