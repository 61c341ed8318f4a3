import type { Route } from "next";
import Link from "next/link";
import { Notice } from "../notice";
import type { Refusal } from "./send-json";

/** Why something was not done, in the server's own sentence; at a limit with the way to the plan. */
export function RefusalNotice({ refusal: { error, reason } }: { refusal: Refusal }) {
  const atLimit = reason === "limit_reached" || reason === "payment_pending";
  return (
    <div role="alert">
      <Notice tone={atLimit ? "warn" : "danger"} title={error}>
        {atLimit && (
          <Link href={"/billing" as Route} className="text-ink underline underline-offset-4">
            See your plan
          </Link>
        )}
      </Notice>
    </div>
  );
}
