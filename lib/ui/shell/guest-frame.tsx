import type { ReactNode } from "react";
import { RememberZone } from "../time/remember-zone";
import { ConfigProvider } from "./config-provider";
import { SandboxBar } from "./sandbox-bar";

/** The frame of pages in an app's own layout: the stylesheet's class, the config for the browser, and the sandbox's bar. */
export function GuestFrame({ children }: { children: ReactNode }) {
  return (
    <div className="tollgate">
      <ConfigProvider>
        <SandboxBar />
        <div className="mx-auto w-full max-w-4xl px-5 py-8 sm:px-6">{children}</div>
      </ConfigProvider>
      <RememberZone />
    </div>
  );
}
