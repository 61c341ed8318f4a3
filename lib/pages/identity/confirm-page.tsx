import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { confirmationOf, currentUser, identityKind } from "@/lib/identity";
import { Link, Logo, MAIN, returnPath } from "@/lib/ui";
import { ConfirmForm } from "@/lib/ui/identity/confirm-form";
import type { PageProps } from "../page";

/** The address contains a token, which must not reach other sites or search engines. */
export const metadata: Metadata = { title: "Confirm", referrer: "same-origin", robots: { index: false } };

/** The page of a link in an e-mail. Its button confirms by POST, so that no other site can confirm unnoticed. */
export default async function ConfirmPage({ searchParams }: PageProps) {
  if (identityKind() !== "supabase") notFound();
  const [query, user] = await Promise.all([searchParams, currentUser()]);
  return (
    <main id={MAIN} tabIndex={-1} className="mx-auto w-full max-w-md px-5 py-10 outline-none sm:py-16">
      <Link href="/" className="inline-flex min-h-11 items-center rounded-md">
        <Logo />
      </Link>
      <ConfirmForm
        confirmation={confirmationOf(query)}
        next={returnPath(query.next)}
        signedInAs={user && (user.email ?? user.name ?? user.id)}
      />
    </main>
  );
}
