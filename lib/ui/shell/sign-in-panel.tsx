import { env } from "@/lib/core/env";
import { identityKind } from "@/lib/identity";
import { DEMO_USERS } from "@/lib/identity/demo";
import { SignInForm } from "./sign-in-form";

/** The sign-in of the local identity provider, with the demo users in the sandbox. */
export function SignInPanel({ next }: { next: string }) {
  if (identityKind() !== "local") return <p className="text-muted">Signing in is not set up here yet.</p>;
  return <SignInForm next={next} demoUsers={env().sandbox ? DEMO_USERS : []} />;
}
