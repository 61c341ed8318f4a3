import type { Route } from "next";
import type { ReactNode } from "react";
import { Link } from "../link";

interface TableProps {
  /** Describes the rows to screen readers; not visible. */
  caption: string;
  head: readonly string[];
  children: ReactNode;
}

/** A dense table that scrolls sideways if the screen is narrow. */
export function Table({ caption, head, children }: TableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must reach a scrolling area
    <div tabIndex={0} className="overflow-x-auto rounded-lg border border-line bg-surface">
      <table className="w-full text-left text-sm tabular-nums">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr className="border-line border-b bg-sunken text-muted text-xs">
            {head.map((name) => (
              <th key={name} scope="col" className="whitespace-nowrap px-3 py-2 font-medium">
                {name === "" ? <span className="sr-only">Actions</span> : name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">{children}</tbody>
      </table>
    </div>
  );
}

export function Cell({ children, wide = false }: { children?: ReactNode; wide?: boolean }) {
  return <td className={`px-3 py-1.5 align-top ${wide ? "min-w-64" : "whitespace-nowrap"}`}>{children}</td>;
}

/** The link that opens a row; j and k move between these links. */
export function RowLink({ href, children }: { href: string; children: ReactNode }) {
  return (
    <Link
      href={href as Route}
      data-row
      className="inline-flex min-h-11 items-center rounded font-medium underline decoration-line-strong underline-offset-4 hover:decoration-ink sm:min-h-6"
    >
      {children}
    </Link>
  );
}

export function Empty({ columns, children }: { columns: number; children: ReactNode }) {
  return (
    <tr>
      <td colSpan={columns} className="px-3 py-6 text-center text-muted">
        {children}
      </td>
    </tr>
  );
}

/** A titled section of an admin page. */
export function Section({ id, title, children }: { id: string; title: string; children: ReactNode }) {
  return (
    <section aria-labelledby={id} className="mt-8">
      <h2 id={id} className="mb-2 font-semibold text-base">
        {title}
      </h2>
      {children}
    </section>
  );
}
