import type { Metadata, Viewport } from "next";
import { connection } from "next/server";
import type { ReactNode } from "react";
import { InstallationProvider, SandboxBar, SkipLink } from "tollgate/ui";
import "./globals.css";
import { INSTALLATION } from "./installation";

export const metadata: Metadata = {
  title: { default: "Tollgate", template: "%s · Tollgate" },
  description: "Billing and usage that add up: plans, limits and resets that stay correct with Stripe and Paddle.",
};

export const viewport: Viewport = {
  colorScheme: "light dark",
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#ffffff" },
    { media: "(prefers-color-scheme: dark)", color: "#1a1b1a" },
  ],
};

export default async function RootLayout({ children }: { children: ReactNode }) {
  // A prerendered page cannot contain the request's nonce, so the browser would block its scripts.
  await connection();
  return (
    <html lang="en">
      <body className="flex min-h-dvh flex-col font-sans">
        <SkipLink />
        <SandboxBar />
        <InstallationProvider {...INSTALLATION}>{children}</InstallationProvider>
      </body>
    </html>
  );
}
