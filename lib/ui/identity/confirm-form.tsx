import type { Route } from "next";
import { paths } from "@/lib/config/current-catalog";
import type { Confirmation } from "@/lib/identity";
import { button } from "../button";
import { Link } from "../link";

interface ConfirmFormProps {
  /** null if the link is incomplete. */
  confirmation: Confirmation | null;
  /** The path after the confirmation: a path of ours (return-path.ts). */
  next: string;
  /** The user of the browser's session, which the confirmation replaces. */
  signedInAs: string | null;
}

type Words = Record<"title" | "text" | "action", string>;

const SIGN_UP: Words = {
  title: "Confirm your e-mail address",
  text: "You created an account with this address. Confirm it to sign in.",
  action: "Confirm and sign in",
};
const SIGN_IN: Words = {
  title: "Sign in with the link",
  text: "You requested a link to sign in.",
  action: "Sign in",
};
const WORDS: Readonly<Record<string, Words>> = {
  signup: SIGN_UP,
  email: SIGN_UP,
  magiclink: SIGN_IN,
  recovery: SIGN_IN,
  invite: {
    title: "Accept the invitation",
    text: "An invitation was sent to your e-mail address.",
    action: "Accept and sign in",
  },
  email_change: {
    title: "Confirm your new e-mail address",
    text: "You requested to change the address of your account.",
    action: "Confirm the address",
  },
};

/** A plain form, so that it works without script. */
export function ConfirmForm({ confirmation, next, signedInAs }: ConfirmFormProps) {
  if (confirmation === null) return <Incomplete />;
  const { title, text, action } = ("type" in confirmation && WORDS[confirmation.type]) || SIGN_UP;
  return (
    <form method="post" action={`${paths().api}/auth/confirm`}>
      <h1 className="mt-6 font-semibold text-2xl tracking-tight">{title}</h1>
      <p className="mt-1 mb-6 text-pretty text-muted">{text}</p>
      {Object.entries({ ...confirmation, next }).map(([name, value]) => (
        <input key={name} type="hidden" name={name} value={value} />
      ))}
      {signedInAs !== null && (
        <p role="status" className="mb-6 text-pretty text-sm [overflow-wrap:anywhere]">
          You are signed in as {signedInAs}. The button signs you in to the account of the link instead.
        </p>
      )}
      <button type="submit" className={`${button("primary")} w-full sm:w-auto`}>
        {action}
      </button>
      <p className="mt-6 text-pretty text-muted text-sm">
        If you did not request this e-mail, close this page. Nothing has changed.
      </p>
    </form>
  );
}

function Incomplete() {
  return (
    <>
      <h1 className="mt-6 font-semibold text-2xl tracking-tight">This link is incomplete</h1>
      <p className="mt-1 mb-6 text-pretty text-muted">Please open the complete link of the e-mail.</p>
      <Link href={paths().signIn as Route} className={`${button("primary")} w-full sm:w-auto`}>
        Sign in
      </Link>
    </>
  );
}
