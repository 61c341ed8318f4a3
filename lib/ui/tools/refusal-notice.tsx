"use client";

import type { Route } from "next";
import type { PageLink, Paths } from "@/lib/config/config-types";
import { Link } from "../link";
import { Notice } from "../notice";
import { useInstallation } from "../shell/installation";
import type { Refusal } from "./send-json";
import type { UpgradeOption } from "./smallest-upgrade";

/** Links that help with a refusal, by its reason. */
function helpOf({ pricing, billing, signIn }: Paths): Readonly<Record<string, readonly PageLink[]>> {
  return {
    limit_reached: [
      { name: "See larger plans", href: pricing },
      { name: "See your plan", href: billing },
    ],
    payment_pending: [{ name: "Fix payment", href: billing }],
    already_subscribed: [{ name: "See your plan", href: billing }],
    code_not_valid: [{ name: "Buy without a code", href: pricing }],
    not_signed_in: [{ name: "Sign in", href: signIn }],
  };
}
/** Refusals that are part of normal use, not errors. */
const EXPECTED = new Set(["limit_reached", "payment_pending"]);

interface RefusalNoticeProps {
  refusal: Refusal;
  /** The product of the refusal, whose plans may help. */
  product?: string;
  /** The plan that allows the refused amount. */
  upgrade?: UpgradeOption | undefined;
}

/** A refusal in the server's sentence, with links that help. */
export function RefusalNotice({ refusal: { error, reason = "" }, product, upgrade }: RefusalNoticeProps) {
  const { help: ownHelp, paths, brand } = useInstallation();
  const installationHelp = ownHelp[reason];
  const links = installationHelp ?? helpOf(paths)[reason] ?? [];
  const help =
    upgrade && reason === "limit_reached"
      ? [{ name: upgrade.text, href: upgrade.href }, ...links.filter(({ href }) => href !== paths.pricing)]
      : links;
  return (
    <div role="alert">
      <Notice tone={EXPECTED.has(reason) || installationHelp ? "warn" : "danger"} title={error}>
        {help.length === 0 && brand.supportEmail !== undefined && (
          <a href={`mailto:${brand.supportEmail}`} className="text-ink underline underline-offset-4">
            Write to support
          </a>
        )}
        {help.length > 0 && (
          <span className="flex flex-wrap gap-x-4">
            {help.map(({ name, href }) => (
              <Link
                key={name}
                href={(href === paths.pricing && product ? `${href}?product=${product}` : href) as Route}
                className="text-ink underline underline-offset-4"
              >
                {name}
              </Link>
            ))}
          </span>
        )}
      </Notice>
    </div>
  );
}
