"use client";

import { ClerkFailed, ClerkLoading, ClerkProvider, SignIn, SignUp, useClerk } from "@clerk/nextjs";
import { useEffect } from "react";
import { useInstallation } from "../shell/installation";

export interface ClerkWidgetProps {
  publishableKey: string;
  /** The nonce of the page: Clerk adds its styles by script. */
  nonce: string | undefined;
  view: "sign-in" | "sign-up" | "sign-out";
  next: string;
}

export default function ClerkWidget({ publishableKey, nonce, view, next }: ClerkWidgetProps) {
  const { paths } = useInstallation();
  return (
    <ClerkProvider
      publishableKey={publishableKey}
      {...(nonce !== undefined && { nonce })}
      signInUrl={paths.signIn}
      signUpUrl={paths.signUp}
      telemetry={{ disabled: true }}
    >
      <ClerkLoading>
        <p className="text-muted">One moment…</p>
      </ClerkLoading>
      <ClerkFailed>
        <p role="alert">Signing in does not work right now. Please try again in a moment.</p>
      </ClerkFailed>
      {view === "sign-in" && <SignIn routing="hash" forceRedirectUrl={next} />}
      {view === "sign-up" && <SignUp routing="hash" forceRedirectUrl={next} />}
      {view === "sign-out" && <SignOutNow next={next} />}
    </ClerkProvider>
  );
}

function SignOutNow({ next }: { next: string }) {
  const { loaded, signOut } = useClerk();
  useEffect(() => {
    if (loaded) void signOut({ redirectUrl: next });
  }, [loaded, signOut, next]);
  return <p className="text-muted">Signing out…</p>;
}
