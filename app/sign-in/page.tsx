import type { Metadata, Route } from "next";
import Link from "next/link";
import { currentUser } from "@/lib/identity";
import { Logo, MAIN, returnPath, SignInPanel } from "@/lib/ui";

export const metadata: Metadata = { title: "Sign in" };

interface SignInPageProps {
  searchParams: Promise<{ next?: string | string[] }>;
}

export default async function SignInPage({ searchParams }: SignInPageProps) {
  const [{ next }, user] = await Promise.all([searchParams, currentUser()]);
  const path = returnPath(next);
  return (
    <main id={MAIN} tabIndex={-1} className="mx-auto w-full max-w-md px-5 py-10 outline-none sm:py-16">
      <Link href="/" className="inline-flex min-h-11 items-center rounded-md">
        <Logo />
      </Link>
      <h1 className="mt-6 font-semibold text-2xl tracking-tight">{user === null ? "Sign in" : "Switch user"}</h1>
      <p className="mt-1 mb-6 text-pretty text-muted">
        {user === null ? (
          "See your plans, what you have used and when it resets."
        ) : (
          <>
            You are {user.name ?? user.id}.{" "}
            <Link href={path as Route} className="text-ink underline underline-offset-4">
              Go on as you are
            </Link>
          </>
        )}
      </p>
      <SignInPanel next={path} />
    </main>
  );
}
