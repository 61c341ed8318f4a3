import { log } from "@/lib/core/observability";
import { invoicesOf, purchaseContext } from "@/lib/subscriptions";
import { InvoiceList, InvoicesUnavailable } from "@/lib/ui";

interface InvoicesProps {
  userId: string;
  now: string;
  locale: string;
  /** The largest number of lines; absent: all. */
  most?: number;
}

/** A user's invoices from the processors. If a processor fails, the rest of the page still renders. */
export async function Invoices({ userId, now, locale, most }: InvoicesProps) {
  const result = await invoicesOf(userId, purchaseContext(userId)).catch((error: unknown) => {
    log.warn({ userId, error: String(error) }, "[Invoices] Could not be shown");
    return null;
  });
  if (result === null) return <InvoicesUnavailable />;
  const { invoices, unavailable } = result;
  return <InvoiceList invoices={invoices.slice(0, most)} unavailable={unavailable} now={now} locale={locale} />;
}
