import type { Route } from "next";
import { Link } from "../link";
import { Notice } from "../notice";

/** The promotion code of the checkout, with a link to the page without it. */
export function CodeNotice({ code, pathWithout }: { code: string; pathWithout: string }) {
  return (
    <Notice tone="info" title={`Code ${code} is checked at checkout`}>
      It applies to new subscriptions only.{" "}
      <Link href={pathWithout as Route} className="text-ink underline underline-offset-4">
        Buy without it
      </Link>
    </Notice>
  );
}
