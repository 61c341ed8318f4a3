import type { Route } from "next";
import { paths } from "@/lib/config/current-catalog";
import { identityKind } from "@/lib/identity";
import { button } from "../button";
import { Link } from "../link";
import { Logo } from "./logo";
import { NavLinks } from "./nav-links";

/** The product's header: navigation, the user, and sign-out, which an installation's own identity does itself. */
export function SiteHeader({ userName }: { userName: string }) {
  return (
    <header className="border-line border-b bg-surface">
      <div className="mx-auto flex max-w-4xl flex-wrap items-center justify-between gap-x-4 px-5 sm:gap-x-8 sm:px-6">
        <Link href={paths().home as Route} className="order-1 inline-flex min-h-11 items-center rounded-md">
          <Logo />
        </Link>
        <div className="order-3 w-full sm:order-2 sm:w-auto sm:flex-1">
          <NavLinks />
        </div>
        <div className="order-2 flex min-w-0 items-center gap-1 sm:order-3">
          <Link
            href={paths().account as Route}
            title={userName}
            className="inline-flex min-h-11 items-center rounded-md text-muted text-sm hover:text-ink"
          >
            <span className="max-w-28 truncate sm:max-w-56">{userName}</span>
          </Link>
          {identityKind() !== "function" && (
            <form method="post" action={`${paths().api}/auth/sign-out`}>
              <button type="submit" className={`${button("quiet")} -mr-4`}>
                Sign out
              </button>
            </form>
          )}
        </div>
      </div>
    </header>
  );
}
