"use client";

import { ClerkFailed, ClerkLoading, ClerkProvider, SignIn, SignUp, useClerk } from "@clerk/nextjs";
import { useEffect } from "react";

interface ClerkWidgetProps {
  publishableKey: string;
  /** Clerk styles its widgets by script, which needs the page's nonce. */
  nonce: string | undefined;
  shows: "sign-in" | "sign-up" | "sign-out";
  next: string;
}

export default function ClerkWidget({ publishableKey, nonce, shows, next }: ClerkWidgetProps) {
  return (
    <ClerkProvider
      publishableKey={publishableKey}
      {...(nonce !== undefined && { nonce })}
      signInUrl="/sign-in"
      signUpUrl="/sign-up"
      telemetry={{ disabled: true }}
    >
      <ClerkLoading>
        <p className="text-muted">One moment …</p>
      </ClerkLoading>
      <ClerkFailed>
        <p role="alert">Signing in does not work right now. Please try again in a moment.</p>
      </ClerkFailed>
      {shows === "sign-in" && <SignIn routing="hash" forceRedirectUrl={next} />}
      {shows === "sign-up" && <SignUp routing="hash" forceRedirectUrl={next} />}
      {shows === "sign-out" && <SignOutNow />}
    </ClerkProvider>
  );
}

function SignOutNow() {
  const { loaded, signOut } = useClerk();
  useEffect(() => {
    if (loaded) void signOut({ redirectUrl: "/" });
  }, [loaded, signOut]);
  return <p className="text-muted">Signing out …</p>;
}
