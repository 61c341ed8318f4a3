import type { Metadata, Route } from "next";
import Link from "next/link";
import { redirect } from "next/navigation";
import { productRequest } from "@/lib/subscriptions";
import {
  ActionForm,
  BackToBilling,
  button,
  CancelPreview,
  isCancelable,
  planName,
  requestLocale,
  requirePageUser,
} from "@/lib/ui";
import { usageOf } from "@/lib/usage";
import { cancelPlan } from "../actions";

export const metadata: Metadata = { title: "Cancel plan" };

interface CancelPageProps {
  searchParams: Promise<{ product?: string }>;
}

/** The confirmation page of a cancellation: it shows the consequences first. */
export default async function CancelPage({ searchParams }: CancelPageProps) {
  const { product } = await searchParams;
  const asked = productRequest.safeParse({ product });
  const user = await requirePageUser(
    asked.success ? `/billing/cancel?${new URLSearchParams(asked.data)}` : "/billing/cancel",
  );
  if (!asked.success) redirect("/billing" as Route);
  const [{ locale }, { now, subscriptions }] = await Promise.all([requestLocale(), usageOf(user.id)]);
  const subscription = subscriptions.find((each) => each.product === asked.data.product);
  if (subscription === undefined || !isCancelable(subscription)) redirect("/billing" as Route);
  const name = planName(subscription.product, subscription.plan);
  return (
    <>
      <BackToBilling />
      <h1 className="mb-4 font-semibold text-2xl tracking-tight">Cancel {name}?</h1>
      <CancelPreview subscription={subscription} now={now} locale={locale} />
      <div className="mt-8 flex flex-wrap items-start gap-3">
        <Link href={"/billing" as Route} className={button("primary")}>
          Keep {name}
        </Link>
        <ActionForm
          action={cancelPlan}
          fields={asked.data}
          label={`Cancel ${name}`}
          busyLabel="One moment…"
          tone="danger"
        />
      </div>
    </>
  );
}
