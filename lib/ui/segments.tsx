import type { Route } from "next";
import { Link } from "./link";

interface SegmentsProps {
  /** The accessible name of the choice. */
  label: string;
  options: readonly { name: string; href: string; current: boolean }[];
}

/** A choice between a few options as links, so that it works without script and is part of the address. One is no choice. */
export function Segments({ label, options }: SegmentsProps) {
  if (options.length < 2) return null;
  return (
    <nav aria-label={label} className="flex w-fit gap-1 rounded-lg bg-sunken p-1">
      {options.map(({ name, href, current }) => (
        <Link
          key={name}
          href={href as Route}
          aria-current={current ? "true" : undefined}
          scroll={false}
          className="inline-flex min-h-11 items-center rounded-md border border-transparent px-3 text-muted text-sm transition-colors hover:text-ink aria-[current]:border-line aria-[current]:bg-surface aria-[current]:font-medium aria-[current]:text-ink sm:min-h-8"
        >
          {name}
        </Link>
      ))}
    </nav>
  );
}
