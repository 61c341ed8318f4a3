import type { Metadata, Route } from "next";
import { notFound, redirect } from "next/navigation";
import { z } from "zod";
import { paths } from "@/lib/config/current-catalog";
import { env } from "@/lib/core/env";
import { gateway } from "@/lib/database";
import { currentUser } from "@/lib/identity";
import { button, Notice, OtherAccountCheckout, PaddleCheckout, PageFrame } from "@/lib/ui";

export const metadata: Metadata = { title: "Checkout", robots: { index: false } };

const query = z.object({
  /** Paddle's parameter: the transaction to pay. */
  _ptxn: z.string().regex(/^txn_[a-z0-9]{26}$/),
  /** Our checkout; absent in links of Paddle's e-mails and for a card change. */
  checkout: z.uuid().optional().catch(undefined),
});

interface PaddleCheckoutPageProps {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}

/** The target of Paddle's payment links, for buyers and for visitors from one of Paddle's e-mails. */
export default async function PaddleCheckoutPage({ searchParams }: PaddleCheckoutPageProps) {
  const { sandbox, paddle } = env();
  const request = query.safeParse(await searchParams);
  if (paddle.clientToken === undefined) {
    if (sandbox && request.success) redirect(`${paths().sandbox}/paddle/checkout/${request.data._ptxn}` as Route);
    notFound();
  }
  const user = await currentUser();
  const ofOtherUser =
    user !== null &&
    request.success &&
    (await gateway().isOtherUsersTransaction(user.id, "paddle", request.data._ptxn));
  const Checkout = ofOtherUser ? OtherAccountCheckout : PaddleCheckout;
  return (
    <PageFrame>
      <h1 className="font-semibold text-2xl tracking-tight">Checkout</h1>
      <div className="mt-5 max-w-xl">
        {request.success ? (
          <Checkout
            token={paddle.clientToken}
            environment={paddle.environment}
            transaction={request.data._ptxn}
            {...returnPaths(user !== null && !ofOtherUser, request.data.checkout)}
          />
        ) : (
          <>
            <Notice tone="warn" title="This payment link is not valid">
              Nothing was charged. Open the link in Paddle’s e-mail again, or choose a plan.
            </Notice>
            <a href={paths().pricing} className={`mt-5 ${button("primary")}`}>
              See plans
            </a>
          </>
        )}
      </div>
    </PageFrame>
  );
}

/**
 * The next pages after a payment and after closing the checkout. A visitor who is signed out or pays for another account
 * stays on this page, since the billing page does not show the purchase.
 */
function returnPaths(own: boolean, checkout: string | undefined) {
  if (!own) return { paidHref: null, closedHref: paths().pricing };
  if (checkout === undefined) return { paidHref: paths().billing, closedHref: paths().billing };
  return { paidHref: `${paths().billing}?checkout=${checkout}`, closedHref: paths().pricing };
}
