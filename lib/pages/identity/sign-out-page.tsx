import type { Metadata } from "next";
import { paths } from "@/lib/config/current-catalog";
import { identityKind } from "@/lib/identity";
import { button, MAIN } from "@/lib/ui";
import { ClerkPart } from "@/lib/ui/identity/identity-panel";

export const metadata: Metadata = { title: "Sign out" };

/** Clerk ends its session by script. The other providers need a form, so that opening this page signs no user out. */
export default function SignOutPage() {
  return (
    <main id={MAIN} tabIndex={-1} className="mx-auto w-full max-w-md px-5 py-10 outline-none sm:py-16">
      <h1 className="mb-6 font-semibold text-2xl tracking-tight">Sign out</h1>
      {identityKind() === "clerk" ? (
        <ClerkPart view="sign-out" next="/" />
      ) : (
        <form method="post" action={`${paths().api}/auth/sign-out`}>
          <button type="submit" className={button("primary")}>
            Sign out
          </button>
        </form>
      )}
    </main>
  );
}
