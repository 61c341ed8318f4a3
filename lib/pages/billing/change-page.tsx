import type { Metadata, Route } from "next";
import { redirect } from "next/navigation";
import { paths } from "@/lib/config/current-catalog";
import { DomainError } from "@/lib/core/domain-error";
import { planChangeRequest, previewChange, purchaseContext } from "@/lib/subscriptions";
import {
  BackToBilling,
  ChangePreview,
  changeName,
  planName,
  RefusalNotice,
  refusalText,
  requestLocale,
  requirePageUser,
} from "@/lib/ui";
import { usageOf } from "@/lib/usage";
import { changePlan } from "./actions";

export const metadata: Metadata = { title: "Change plan" };

interface ChangePageProps {
  searchParams: Promise<{ product?: string; plan?: string; interval?: string }>;
}

/** The preview of a plan change: its price and its effect on usage, with a button that confirms it. */
export default async function ChangePage({ searchParams }: ChangePageProps) {
  const { product, plan, interval } = await searchParams;
  const request = planChangeRequest.safeParse({ product, plan, interval });
  const user = await requirePageUser(request.success ? changePath(request.data) : `${paths().billing}/change`);
  if (!request.success) redirect(paths().pricing as Route);
  const [{ locale }, { now }, preview] = await Promise.all([
    requestLocale(),
    usageOf(user.id),
    orRefusal(previewChange(user.id, request.data, purchaseContext(user.id))),
  ]);
  const name = preview instanceof DomainError ? planName(request.data.product, request.data.plan) : changeName(preview);
  return (
    <>
      <BackToBilling />
      <h1 className="mb-6 font-semibold text-2xl tracking-tight">Switch to {name}</h1>
      {preview instanceof DomainError ? (
        <RefusalNotice
          refusal={{ error: refusalText(preview.message), reason: preview.reason }}
          product={request.data.product}
        />
      ) : (
        <ChangePreview preview={preview} change={changePlan} now={now} locale={locale} />
      )}
    </>
  );
}

function changePath({
  interval,
  ...choice
}: {
  product: string;
  plan: string;
  interval?: string | undefined;
}): `/${string}` {
  return `${paths().billing}/change?${new URLSearchParams({ ...choice, ...(interval && { interval }) })}`;
}

async function orRefusal<T>(answer: Promise<T>): Promise<T | DomainError> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}
