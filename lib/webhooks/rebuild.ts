/** Computes the stored state again from facts and ledger, and reports the differences. */

import { foldKnown } from "@/lib/billing/timeline/build-timeline";
import type { ProductId } from "@/lib/config/catalog";
import { isProductId, product as productOf } from "@/lib/config/current-catalog";
import type { Difference, Gateway } from "@/lib/database";

export interface Rebuilt {
  userId: string;
  product: ProductId;
  differences: Difference[];
}

const PAGE = 200;

/** Compares every user's stored state with facts and ledger; `repair` stores the rebuilt state. */
export async function* rebuildAll(gateway: Gateway, { repair }: { repair: boolean }): AsyncGenerator<Rebuilt> {
  for (let after = ""; ; ) {
    const page = await gateway.timelines(after, PAGE);
    for (const { userId, products } of page) {
      for (const product of products.filter(isProductId)) yield await rebuild(gateway, userId, product, repair);
    }
    const last = page.at(-1);
    if (last === undefined) return;
    after = last.userId;
  }
}

/** Rebuilds one user and product, and starts again if a delivery commits in between. */
export async function rebuild(gateway: Gateway, userId: string, product: ProductId, repair: boolean): Promise<Rebuilt> {
  for (;;) {
    const known = await gateway.loadTimeline(userId, product);
    const timeline = foldKnown(productOf(product), known);
    const { moved, differences } = await gateway.rebuildTimeline(userId, product, known.revision, timeline, repair);
    if (!moved) return { userId, product, differences };
  }
}
