import type { Metadata } from "next";
import { paths } from "@/lib/config/current-catalog";
import { identityKind } from "@/lib/identity";
import { button, requirePageUser } from "@/lib/ui";
import { EraseAccount } from "@/lib/ui/account/erase-account";

export const metadata: Metadata = { title: "Account" };

export default async function AccountPage() {
  const { id, name, email } = await requirePageUser(paths().account);
  const entries = [
    ["Name", name],
    ["E-mail", email],
    ["ID", id],
  ].filter(([, value]) => value !== null);
  return (
    <>
      <h1 className="font-semibold text-2xl tracking-tight">Account</h1>
      <dl className="mt-6 grid grid-cols-[auto_1fr] gap-x-6 gap-y-2 text-sm">
        {entries.map(([term, value]) => (
          <div key={term} className="contents">
            <dt className="text-muted">{term}</dt>
            <dd className="break-all">{value}</dd>
          </div>
        ))}
      </dl>
      <section aria-labelledby="your-data" className="mt-10 max-w-2xl">
        <h2 id="your-data" className="font-semibold text-lg">
          Your data
        </h2>
        <p className="mt-1 mb-4 text-pretty text-muted">
          All your data as one JSON file: plans, periods, usage, decisions and events.
        </p>
        <a href={`${paths().api}/account/export`} download className={button()}>
          Download my data
        </a>
      </section>
      <section aria-labelledby="erase" className="mt-10 max-w-2xl">
        <h2 id="erase" className="font-semibold text-lg">
          Erase your account
        </h2>
        <p className="mt-1 mb-4 text-pretty text-muted">
          Erases your data. Invoices stay as long as the law requires. Your subscriptions must have ended first. If you
          come back, your usage in the current period still counts.
        </p>
        <EraseAccount afterwards={identityKind() === "function" ? paths().home : paths().signOut} />
      </section>
    </>
  );
}
