import type { Metadata } from "next";
import { paths } from "@/lib/config/current-catalog";
import { BackToBilling, requestLocale, requirePageUser } from "@/lib/ui";
import { usageOf } from "@/lib/usage";
import { Invoices } from "./invoices";

export const metadata: Metadata = { title: "Invoices" };

export default async function InvoicesPage() {
  const user = await requirePageUser(`${paths().billing}/invoices`);
  const [{ locale }, { now }] = await Promise.all([requestLocale(), usageOf(user.id)]);
  return (
    <>
      <BackToBilling />
      <h1 className="mb-6 font-semibold text-2xl tracking-tight">Invoices</h1>
      <Invoices userId={user.id} now={now} locale={locale} />
    </>
  );
}
