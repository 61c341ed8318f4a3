import type { Metadata, Viewport } from "next";
import { connection } from "next/server";
import type { ReactNode } from "react";
import { ConfigProvider, SandboxBar, SkipLink } from "tollgate/ui";
import config from "@/tollgate.config";
import "./globals.css";
import { HELP } from "./installation";

export const metadata: Metadata = {
  title: { default: config.brand.name, template: `%s · ${config.brand.name}` },
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
        <ConfigProvider help={HELP}>
          <SandboxBar />
          {children}
        </ConfigProvider>
      </body>
    </html>
  );
}
