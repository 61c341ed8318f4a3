import type { Metadata } from "next";
import { usageOf } from "tollgate/server";
import { ProductMeters, requestLocale, requirePageUser, upgradeOptions } from "tollgate/ui";
import { WriterTool } from "./_parts/writer-tool";

export const metadata: Metadata = { title: "Writer" };

export default async function WriterPage() {
  const user = await requirePageUser("/writer");
  const [{ locale }, { now, subscriptions }] = await Promise.all([requestLocale(), usageOf(user.id)]);
  const subscription = subscriptions.find(({ product }) => product === "writer");
  const left = (field: string) => subscription?.meters.find((meter) => meter.field === field)?.remaining ?? 0;
  return (
    <>
      <h1 className="font-semibold text-2xl tracking-tight">Writer</h1>
      <p className="mt-1 text-muted">Rewrites your text in another style. Its words and one transformation count.</p>
      <div className="mt-6 space-y-8">
        {subscription && <ProductMeters subscription={subscription} now={now} locale={locale} />}
        <WriterTool
          locale={locale}
          wordsLeft={left("words_used")}
          rewritesLeft={left("transformations_used")}
          upgrades={subscription ? upgradeOptions(subscription, locale) : {}}
        />
      </div>
    </>
  );
}
