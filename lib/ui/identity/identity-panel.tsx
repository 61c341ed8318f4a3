import { headers } from "next/headers";
import { env } from "@/lib/core/env";
import { identityKind } from "@/lib/identity";
import { SignInPanel } from "../shell/sign-in-panel";
import { ClerkPanel } from "./clerk-panel";
import { PasswordForm } from "./password-form";

interface IdentityPanelProps {
  view: "sign-in" | "sign-up";
  next: string;
  problem?: string | undefined;
  notice?: string | undefined;
}

/** The sign-in panel of the configured identity provider. */
export function IdentityPanel(props: IdentityPanelProps) {
  const identity = identityKind();
  if (identity === "clerk") return <ClerkPart view={props.view} next={props.next} />;
  if (identity === "supabase") return <PasswordForm {...props} />;
  return <SignInPanel next={props.next} />;
}

export async function ClerkPart({ view, next }: { view: "sign-in" | "sign-up" | "sign-out"; next: string }) {
  const nonce = /'nonce-([^']+)'/.exec((await headers()).get("content-security-policy") ?? "")?.[1];
  return <ClerkPanel publishableKey={env().clerk.publishableKey ?? ""} nonce={nonce} view={view} next={next} />;
}
