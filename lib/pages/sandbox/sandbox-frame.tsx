import type { ReactNode } from "react";
import { MAIN } from "@/lib/ui";

/** The frame of the fake processors' pages: it has no navigation of the product. */
export function SandboxFrame({ children }: { children: ReactNode }) {
  return (
    <main id={MAIN} tabIndex={-1} className="mx-auto w-full max-w-4xl flex-1 px-5 py-8 outline-none sm:px-6 sm:py-12">
      {children}
    </main>
  );
}
