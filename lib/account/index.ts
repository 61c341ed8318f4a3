/** What a person may ask of their data: to have it, and to have it gone. */
import { PRODUCT_IDS } from "@/lib/billing/catalog";
import { ANY_REVISION, entitlementCache } from "@/lib/cache";
import { gateway, type LedgerRow } from "@/lib/database";

const PAGE = 5_000;

/**
 * Everything kept about a user, as one JSON document that is written while the ledger is read: it may be long.
 */
export async function exportAccount(userId: string): Promise<ReadableStream<Uint8Array>> {
  // Before the answer begins, so that a database that does not answer is still an error.
  const account = await gateway().exportAccount(userId);
  const parts = documentParts(userId, account);
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await parts.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    cancel: () => void parts.return(undefined),
  });
}

/**
 * Erases a user. The sign-in itself is the identity provider's; who comes back with it finds counters and trials as
 * they were left.
 * @throws DatabaseError conflict `subscription_alive`
 */
export async function eraseAccount(userId: string): Promise<{ erased: boolean }> {
  const result = await gateway().eraseAccount(userId);
  await Promise.all(PRODUCT_IDS.map((product) => entitlementCache().forget(userId, product, ANY_REVISION)));
  return result;
}

async function* documentParts(userId: string, account: Record<string, unknown>): AsyncGenerator<string, undefined> {
  const head = JSON.stringify({ user_id: userId, exported_at: new Date().toISOString(), ...account });
  yield `${head.slice(0, -1)},"ledger":[`;
  let after: LedgerRow | null = null;
  let first = true;
  for (;;) {
    const rows: LedgerRow[] = await gateway().exportLedger(userId, after, PAGE);
    const text = rows.map((row) => JSON.stringify(row)).join(",");
    if (text !== "") yield first ? text : `,${text}`;
    first = false;
    after = rows.at(-1) ?? null;
    if (rows.length < PAGE) break;
  }
  yield "]}";
}
