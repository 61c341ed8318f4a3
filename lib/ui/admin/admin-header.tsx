import type { Route } from "next";
import { paths } from "@/lib/config/current-catalog";
import { button } from "../button";
import { Link } from "../link";
import { Logo } from "../shell/logo";
import { AdminNav } from "./admin-nav";

/** The header of the admin pages. */
export function AdminHeader({ userName }: { userName: string }) {
  return (
    <header className="border-line border-b bg-surface">
      <div className="mx-auto flex max-w-7xl flex-wrap items-center gap-x-8 px-5 sm:px-6">
        <Link href={paths().home as Route} className="inline-flex min-h-11 items-center rounded-md">
          <Logo />
        </Link>
        <div className="order-3 w-full sm:order-2 sm:w-auto sm:flex-1">
          <AdminNav />
        </div>
        <p className="order-2 ml-auto flex items-center gap-2 text-muted text-sm sm:order-3">
          <span className="max-w-40 truncate">{userName}</span>
          <Link href={paths().billing as Route} className={button("quiet")}>
            Leave admin
          </Link>
        </p>
      </div>
    </header>
  );
}
