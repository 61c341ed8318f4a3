import type { Metadata, Route } from "next";
import { notFound, redirect } from "next/navigation";
import { z } from "zod";
import { env } from "@/lib/core/env";
import { gateway } from "@/lib/database";
import { currentUser } from "@/lib/identity";
import { AnothersPaddleCheckout, button, Notice, PaddleCheckout, PageFrame } from "@/lib/ui";

export const metadata: Metadata = { title: "Checkout", robots: { index: false } };

const query = z.object({
  /** Paddle's own name for the transaction that is to be paid. */
  _ptxn: z.string().regex(/^txn_[a-z0-9]{26}$/),
  /** Our checkout; absent in the links of Paddle's e-mails and for a change of the card. */
  checkout: z.uuid().optional().catch(undefined),
});

interface PaddleCheckoutPageProps {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

/** Paddle's payment links lead here, for buyers and for visitors who follow a link in one of Paddle's e-mails. */
export default async function PaddleCheckoutPage({ searchParams }: PaddleCheckoutPageProps) {
  const { sandbox, paddle } = env();
  const asked = query.safeParse(await searchParams);
  if (paddle.clientToken === undefined) {
    if (sandbox && asked.success) redirect(`/sandbox/paddle/checkout/${asked.data._ptxn}` as Route);
    notFound();
  }
  const user = await currentUser();
  const anothers =
    user !== null && asked.success && (await gateway().isOtherUsersTransaction(user.id, "paddle", asked.data._ptxn));
  const Opened = anothers ? AnothersPaddleCheckout : PaddleCheckout;
  return (
    <PageFrame>
      <h1 className="font-semibold text-2xl tracking-tight">Checkout</h1>
      <div className="mt-5 max-w-xl">
        {asked.success ? (
          <Opened
            token={paddle.clientToken}
            environment={paddle.environment}
            transaction={asked.data._ptxn}
            {...ways(user !== null && !anothers, asked.data.checkout)}
          />
        ) : (
          <>
            <Notice tone="warn" title="This link names no payment">
              Nothing was charged. Open the link in Paddle’s e-mail again, or choose a plan.
            </Notice>
            <a href="/pricing" className={`mt-5 ${button("primary")}`}>
              See plans
            </a>
          </>
        )}
      </div>
    </PageFrame>
  );
}

/**
 * Where a payer goes on. A visitor who is not signed in, or pays for another account, is thanked here: the billing page is
 * not theirs.
 */
function ways(own: boolean, checkout: string | undefined) {
  if (!own) return { paidHref: null, closedHref: "/pricing" };
  if (checkout === undefined) return { paidHref: "/billing", closedHref: "/billing" };
  return { paidHref: `/billing?checkout=${checkout}`, closedHref: "/pricing" };
}
