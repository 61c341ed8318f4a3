import type { Metadata, Route } from "next";
import { redirect } from "next/navigation";
import { paths } from "@/lib/config/current-catalog";
import { productRequest } from "@/lib/subscriptions";
import {
  ActionForm,
  BackToBilling,
  button,
  CancelPreview,
  isCancelable,
  Link,
  requestLocale,
  requirePageUser,
  subscriptionName,
} from "@/lib/ui";
import { usageOf } from "@/lib/usage";
import { cancelPlan } from "./actions";

export const metadata: Metadata = { title: "Cancel plan" };

interface CancelPageProps {
  searchParams: Promise<{ product?: string }>;
}

/** Confirms a cancellation after showing its effects. */
export default async function CancelPage({ searchParams }: CancelPageProps) {
  const { product } = await searchParams;
  const request = productRequest.safeParse({ product });
  const user = await requirePageUser(
    request.success ? `${paths().billing}/cancel?${new URLSearchParams(request.data)}` : `${paths().billing}/cancel`,
  );
  if (!request.success) redirect(paths().billing as Route);
  const [{ locale }, { now, subscriptions }] = await Promise.all([requestLocale(), usageOf(user.id)]);
  const subscription = subscriptions.find((each) => each.product === request.data.product);
  if (subscription === undefined || !isCancelable(subscription)) redirect(paths().billing as Route);
  const name = subscriptionName(subscription);
  return (
    <>
      <BackToBilling />
      <h1 className="mb-4 font-semibold text-2xl tracking-tight">Cancel {name}?</h1>
      <CancelPreview subscription={subscription} now={now} locale={locale} />
      <div className="mt-8 flex flex-wrap items-start gap-3">
        <Link href={paths().billing as Route} className={button("primary")}>
          Keep {name}
        </Link>
        <ActionForm
          action={cancelPlan}
          fields={request.data}
          label={`Cancel ${name}`}
          busyLabel="One moment…"
          tone="danger"
        />
      </div>
    </>
  );
}
