import type { Route } from "next";
import { button, Link, MAIN } from "tollgate/ui";

export default function NotFound() {
  return (
    <main id={MAIN} tabIndex={-1} className="m-auto max-w-md px-5 py-16 outline-none">
      <h1 className="font-semibold text-2xl tracking-tight">There is nothing here</h1>
      <p className="mt-2 mb-6 text-pretty text-muted">
        The address may be mistyped, or the page has moved. Your plan and your usage are unchanged.
      </p>
      <Link href={"/billing" as Route} className={button("primary")}>
        Go to billing
      </Link>
    </main>
  );
}
