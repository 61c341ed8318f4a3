"use client";

import type { Route } from "next";
import { usePathname } from "next/navigation";
import { Link, useLinkStatus } from "../link";
import { useInstallation } from "./installation";

/** The installation's pages, with the current one marked. */
export function NavLinks() {
  const path = usePathname();
  const { navigation } = useInstallation();
  return (
    <nav aria-label="Product" className="-mx-3 flex">
      {navigation.map(({ href, name }) => {
        const current = path === href || path.startsWith(`${href}/`);
        return (
          <Link
            key={href}
            href={href as Route}
            aria-current={current ? "page" : undefined}
            className="relative inline-flex min-h-11 items-center rounded-md px-3 text-muted text-sm transition-colors after:absolute after:inset-x-3 after:bottom-0 after:h-0.5 hover:text-ink aria-[current=page]:font-medium aria-[current=page]:text-ink aria-[current=page]:after:bg-accent sm:min-h-14"
          >
            <Pending name={name} />
          </Link>
        );
      })}
    </nav>
  );
}

/** Pages have no skeleton, so the followed link shows that its page is loading. */
function Pending({ name }: { name: string }) {
  const { pending } = useLinkStatus();
  return <span className={pending ? "opacity-60 transition-opacity delay-100" : undefined}>{name}</span>;
}
