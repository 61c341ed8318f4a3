"use client";

import type { Route } from "next";
import { usePathname, useRouter } from "next/navigation";
import { useEffect } from "react";
import { Link } from "../link";
import { useInstallation } from "../shell/installation";

const PAGES = [
  { below: "", name: "Health", key: "h" },
  { below: "/users", name: "Users", key: "u" },
  { below: "/events", name: "Events", key: "e" },
  { below: "/simulation", name: "Simulation", key: "s" },
] as const;

/**
 * Links to the admin pages, and their keys: g and a letter opens a page, j and k select a row, / focuses the search
 * field.
 */
export function AdminNav() {
  const path = usePathname();
  const { admin } = useInstallation().paths;
  useKeys(admin);
  return (
    <nav aria-label="Admin" className="-mx-3 flex overflow-x-auto">
      {PAGES.map(({ below, name, key }) => {
        const href = admin + below;
        const current = below === "" ? path === href : path === href || path.startsWith(`${href}/`);
        return (
          <Link
            key={href}
            href={href as Route}
            aria-current={current ? "page" : undefined}
            aria-keyshortcuts={`g ${key}`}
            title={`g ${key}`}
            className="relative inline-flex min-h-11 items-center rounded-md px-3 text-muted text-sm after:absolute after:inset-x-3 after:bottom-0 after:h-0.5 hover:text-ink aria-[current=page]:font-medium aria-[current=page]:text-ink aria-[current=page]:after:bg-accent"
          >
            {name}
          </Link>
        );
      })}
    </nav>
  );
}

function useKeys(admin: string): void {
  const router = useRouter();
  useEffect(() => {
    let afterG = false;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const page = afterG ? PAGES.find(({ key }) => key === event.key) : undefined;
      afterG = event.key === "g";
      if (page) router.push((admin + page.below) as Route);
      else if (event.key === "/") focusSearch(event);
      else if (event.key === "j") step(1);
      else if (event.key === "k") step(-1);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [router, admin]);
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches("input, select, textarea, [contenteditable]");
}

function focusSearch(event: KeyboardEvent): void {
  const search = document.querySelector<HTMLElement>("[data-search]");
  if (search === null) return;
  event.preventDefault();
  search.focus();
}

/** Focuses the next or previous row's link, so that Enter opens the row. */
function step(by: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLElement>("[data-row]")];
  const at = links.indexOf(document.activeElement as HTMLElement);
  const next = at < 0 && by < 0 ? links.length - 1 : at + by;
  links[Math.max(0, Math.min(links.length - 1, next))]?.focus();
}
