import type { Route } from "next";
import Link from "next/link";
import { Notice } from "../notice";
import type { Refusal } from "./send-json";
import type { UpgradeOption } from "./upgrade-options";

/** Links that help with a refusal, by its reason. */
const HELP: Readonly<Record<string, { text: string; href: string }[]>> = {
  limit_reached: [
    { text: "See larger plans", href: "/pricing" },
    { text: "See your plan", href: "/billing" },
  ],
  payment_pending: [{ text: "Fix payment", href: "/billing" }],
  chatbot_limit_exceeded: [{ text: "Go to your chatbots", href: "/chatbots" }],
  already_subscribed: [{ text: "See your plan", href: "/billing" }],
  code_not_valid: [{ text: "Buy without a code", href: "/pricing" }],
  not_signed_in: [{ text: "Sign in", href: "/sign-in" }],
};
const EXPECTED = new Set(["limit_reached", "payment_pending", "chatbot_limit_exceeded"]);

interface RefusalNoticeProps {
  refusal: Refusal;
  /** The product of the refusal, whose plans may help. */
  product?: string;
  /** The plan that allows the refused amount. */
  upgrade?: UpgradeOption | undefined;
}

/** The reason of a refusal in the server's own sentence, with a link that helps. */
export function RefusalNotice({ refusal: { error, reason = "" }, product, upgrade }: RefusalNoticeProps) {
  const known = HELP[reason] ?? [];
  const help =
    upgrade && reason === "limit_reached" ? [upgrade, ...known.filter(({ href }) => href !== "/pricing")] : known;
  return (
    <div role="alert">
      <Notice tone={EXPECTED.has(reason) ? "warn" : "danger"} title={error}>
        {help.length > 0 && (
          <span className="flex flex-wrap gap-x-4">
            {help.map(({ text, href }) => (
              <Link
                key={text}
                href={(href === "/pricing" && product ? `${href}?product=${product}` : href) as Route}
                className="text-ink underline underline-offset-4"
              >
                {text}
              </Link>
            ))}
          </span>
        )}
      </Notice>
    </div>
  );
}
