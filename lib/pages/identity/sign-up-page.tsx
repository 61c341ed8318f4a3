import type { Metadata, Route } from "next";
import { redirect } from "next/navigation";
import { paths } from "@/lib/config/current-catalog";
import { identityKind } from "@/lib/identity";
import { Link, Logo, MAIN, returnPath } from "@/lib/ui";
import { IdentityPanel } from "@/lib/ui/identity/identity-panel";

export const metadata: Metadata = { title: "Create an account" };

interface SignUpPageProps {
  searchParams: Promise<Record<"next" | "problem" | "notice", string | string[] | undefined>>;
}

export default async function SignUpPage({ searchParams }: SignUpPageProps) {
  const { next, problem, notice } = await searchParams;
  const path = returnPath(next);
  // The local provider creates accounts at sign-in.
  if (identityKind() === "local") redirect(`${paths().signIn}?next=${encodeURIComponent(path)}` as Route);
  return (
    <main id={MAIN} tabIndex={-1} className="mx-auto w-full max-w-md px-5 py-10 outline-none sm:py-16">
      <Link href="/" className="inline-flex min-h-11 items-center rounded-md">
        <Logo />
      </Link>
      <h1 className="mt-6 mb-6 font-semibold text-2xl tracking-tight">Create an account</h1>
      <IdentityPanel view="sign-up" next={path} problem={first(problem)} notice={first(notice)} />
      <p className="mt-6 text-muted text-sm">
        Already have an account?{" "}
        <Link
          href={`${paths().signIn}?next=${encodeURIComponent(path)}` as Route}
          className="text-ink underline underline-offset-4"
        >
          Sign in
        </Link>
      </p>
    </main>
  );
}

function first(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" ? value : value?.[0];
}
