import type { Metadata, Route } from "next";
import { paths } from "@/lib/config/current-catalog";
import { currentUser, identityKind } from "@/lib/identity";
import { Link, Logo, MAIN, returnPath } from "@/lib/ui";
import { IdentityPanel } from "@/lib/ui/identity/identity-panel";

export const metadata: Metadata = { title: "Sign in" };

interface SignInPageProps {
  searchParams: Promise<Record<"next" | "problem" | "notice", string | string[] | undefined>>;
}

export default async function SignInPage({ searchParams }: SignInPageProps) {
  const [{ next, problem, notice }, user] = await Promise.all([searchParams, currentUser()]);
  const path = returnPath(next);
  return (
    <main id={MAIN} tabIndex={-1} className="mx-auto w-full max-w-md px-5 py-10 outline-none sm:py-16">
      <Link href="/" className="inline-flex min-h-11 items-center rounded-md">
        <Logo />
      </Link>
      <h1 className="mt-6 font-semibold text-2xl tracking-tight">{user === null ? "Sign in" : "Switch user"}</h1>
      <p className="mt-1 mb-6 text-pretty text-muted">
        {user === null ? (
          "See your plans, your usage and the next reset."
        ) : (
          <>
            You are signed in as {user.name ?? user.id}.{" "}
            <Link href={path as Route} className="text-ink underline underline-offset-4">
              Continue as the current user
            </Link>
          </>
        )}
      </p>
      <IdentityPanel view="sign-in" next={path} problem={first(problem)} notice={first(notice)} />
      {identityKind() !== "local" && (
        <p className="mt-6 text-muted text-sm">
          New here?{" "}
          <Link
            href={`${paths().signUp}?next=${encodeURIComponent(path)}` as Route}
            className="text-ink underline underline-offset-4"
          >
            Create an account
          </Link>
        </p>
      )}
    </main>
  );
}

function first(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" ? value : value?.[0];
}
