import { Check, X } from "lucide-react";
import type { Route } from "next";
import { currentUser } from "tollgate/server";
import { button, Link, Logo, MAIN } from "tollgate/ui";

const EXAMPLES = [
  { question: "May Ada use 1,200 more words?", allowed: true, answer: "Yes. 13,200 of 35,000 used, 21,800 left." },
  { question: "May Ben send another message?", allowed: false, answer: "No. All 100 are used. They reset on 1 June." },
  { question: "Ada switches from Plus to Ultra.", allowed: true, answer: "Her usage stays counted. Nothing resets." },
];

const FEATURES = [
  ["Counted exactly", "Any number of concurrent requests stays within the limit, and no unit is counted twice."],
  ["Reset on time", "Each renewal resets the usage once. A plan change before it keeps the usage."],
  ["Explained", "Each reset has its date and its reason, in plain language."],
];

export default async function LandingPage() {
  const user = await currentUser();
  return (
    <main id={MAIN} tabIndex={-1} className="mx-auto flex w-full max-w-4xl flex-1 flex-col px-5 outline-none sm:px-6">
      <p className="flex min-h-14 items-center">
        <Logo />
      </p>
      <div className="my-auto py-12">
        <div className="grid items-center gap-12 lg:grid-cols-[1fr_22rem]">
          <div>
            <h1 className="text-balance font-semibold text-3xl tracking-tight sm:text-5xl sm:leading-[1.1]">
              May this user do this now?
            </h1>
            <p className="mt-5 text-pretty text-lg text-muted">
              Tollgate answers this for your product, exactly and immediately, and counts each allowed use. It stays
              correct when the plan, the period or the price changes at Stripe or Paddle.
            </p>
            <div className="mt-8 flex flex-wrap gap-3">
              <Link href={(user === null ? "/sign-in" : "/billing") as Route} className={button("primary")}>
                {user === null ? "Sign in" : "See your usage"}
              </Link>
              {user !== null && (
                <Link href={"/sign-in" as Route} className={button()}>
                  Switch user
                </Link>
              )}
            </div>
          </div>
          <Examples />
        </div>
        <dl className="mt-14 grid gap-8 border-line border-t pt-8 sm:grid-cols-3">
          {FEATURES.map(([title, text]) => (
            <div key={title}>
              <dt className="font-medium text-sm">{title}</dt>
              <dd className="mt-1 text-pretty text-muted text-sm">{text}</dd>
            </div>
          ))}
        </dl>
      </div>
    </main>
  );
}

function Examples() {
  return (
    <figure className="rounded-xl border border-line bg-surface">
      <figcaption className="px-5 pt-4 text-faint text-xs">For example</figcaption>
      <ul className="divide-y divide-line">
        {EXAMPLES.map(({ question, allowed, answer }) => {
          const Icon = allowed ? Check : X;
          return (
            <li key={question} className="flex gap-3 px-5 py-4 text-sm tabular-nums">
              <Icon
                aria-hidden="true"
                className={`mt-0.5 size-4 shrink-0 ${allowed ? "text-accent-ink" : "text-warn"}`}
              />
              <div>
                <p className="font-medium">{question}</p>
                <p className="mt-0.5 text-pretty text-muted">{answer}</p>
              </div>
            </li>
          );
        })}
      </ul>
    </figure>
  );
}
