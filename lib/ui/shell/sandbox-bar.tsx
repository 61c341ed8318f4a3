import type { Route } from "next";
import type { DecisionView } from "@/lib/billing/schemas/usage-view";
import { paths } from "@/lib/config/current-catalog";
import { env } from "@/lib/core/env";
import { gateway } from "@/lib/database";
import { currentUser } from "@/lib/identity";
import { Link } from "../link";
import { Instant } from "../time/instant";
import { SandboxClock } from "./sandbox-clock";

/** The bar on every page in the sandbox: the user, the time on the user's clock, and the latest event. Nothing elsewhere. */
export async function SandboxBar() {
  if (!env().sandbox) return null;
  const user = await currentUser();
  const state = user && (await stateOf(user.id));
  return (
    <aside aria-label="Sandbox" className="bg-band text-on-band text-sm">
      <div className="mx-auto flex max-w-4xl flex-wrap items-center justify-between gap-x-4 px-5 sm:px-6">
        <p className="truncate">
          <span className="font-medium">Sandbox: no money moves</span>
          {user !== null && (
            <span className="hidden sm:inline"> · Signed in as {user.name ?? user.email ?? user.id}</span>
          )}
        </p>
        {state?.latest && <LatestEvent decision={state.latest} />}
        <Link
          href={paths().signIn as Route}
          className="inline-flex min-h-11 shrink-0 items-center rounded-md underline underline-offset-4 sm:min-h-9"
        >
          {user === null ? "Sign in" : "Switch user"}
        </Link>
        {state && (
          <div className="flex w-full flex-wrap items-center gap-x-2 border-on-band/15 border-t">
            {/* A fixed width, so that the buttons do not move when the browser's time zone replaces UTC. */}
            <p className="py-1.5 sm:w-78">
              Your clock: <Instant at={state.now} now={state.now} form="moment" />
            </p>
            <SandboxClock />
          </div>
        )}
      </div>
    </aside>
  );
}

/** The latest event by its type, with its decision. */
function LatestEvent({ decision: { eventType, action, reason } }: { decision: DecisionView }) {
  return (
    <p
      className="min-w-0 truncate text-on-band-muted max-sm:order-last max-sm:w-full max-sm:pb-2 sm:flex-1 sm:text-right"
      title={`${eventType}: ${reason}`}
    >
      Latest event: <code className="text-xs">{eventType}</code> → {ACTIONS[action]}, {reason}
    </p>
  );
}

const ACTIONS = { reset: "reset", preserve: "kept usage", carry_over: "carried over" };

/** null if the database does not answer; the page itself reports that. */
async function stateOf(userId: string): Promise<{ now: string; latest: DecisionView | undefined } | null> {
  try {
    const [{ now }, [latest]] = await Promise.all([gateway().usage(userId), gateway().decisions(userId, 1)]);
    return { now, latest };
  } catch {
    return null;
  }
}
