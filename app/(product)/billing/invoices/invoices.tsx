import { invoicesOf, selling } from "@/lib/billing";
import { log } from "@/lib/observability";
import { InvoiceList, InvoicesUnavailable } from "@/lib/ui";

interface InvoicesProps {
  userId: string;
  now: string;
  locale: string;
  /** How many lines at most; absent as all. */
  most?: number;
}

/** A user's invoices, as the processors have them. Where they cannot be had, the rest of the page stands. */
export async function Invoices({ userId, now, locale, most }: InvoicesProps) {
  const known = await invoicesOf(userId, selling(userId)).catch((error: unknown) => {
    log.warn({ userId, error: String(error) }, "[Invoices] Could not be shown");
    return null;
  });
  if (known === null) return <InvoicesUnavailable />;
  const { invoices, unavailable } = known;
  return <InvoiceList invoices={invoices.slice(0, most)} unavailable={unavailable} now={now} locale={locale} />;
}
