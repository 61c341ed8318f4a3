import type { Route } from "next";
import type { ReactNode } from "react";
import { currentConfig, paths } from "@/lib/config/current-catalog";
import { currentUser } from "@/lib/identity";
import { button } from "../button";
import { Link } from "../link";
import { RefreshOnFocus } from "../time/refresh-on-focus";
import { RememberZone } from "../time/remember-zone";
import { Logo } from "./logo";
import { SiteHeader } from "./site-header";
import { MAIN } from "./skip-link";

/**
 * The frame of the product's pages: the user's name and sign-out, or a sign-in link for visitors. An app without navigation
 * in its config has a frame of its own.
 */
export async function PageFrame({ children }: { children: ReactNode }) {
  if (currentConfig().navigation.length === 0) return children;
  const user = await currentUser();
  return (
    <>
      {user === null ? <GuestHeader /> : <SiteHeader userName={user.name ?? user.email ?? user.id} />}
      <main id={MAIN} tabIndex={-1} className="mx-auto w-full max-w-4xl flex-1 px-5 py-8 outline-none sm:px-6 sm:py-10">
        {children}
      </main>
      <RememberZone />
      {user !== null && <RefreshOnFocus />}
    </>
  );
}

function GuestHeader() {
  return (
    <header className="border-line border-b bg-surface">
      <div className="mx-auto flex min-h-14 max-w-4xl items-center justify-between gap-4 px-5 sm:px-6">
        <Link href={paths().home as Route} className="inline-flex min-h-11 items-center rounded-md">
          <Logo />
        </Link>
        <Link href={paths().signIn as Route} className={button()}>
          Sign in
        </Link>
      </div>
    </header>
  );
}
