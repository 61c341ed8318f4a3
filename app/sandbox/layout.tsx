import type { ReactNode } from "react";
import { MAIN } from "@/lib/ui";

/** The frame of the processors' own pages, as the sandbox plays them: no way into the product but the page's own. */
export default function SandboxLayout({ children }: { children: ReactNode }) {
  return (
    <main id={MAIN} tabIndex={-1} className="mx-auto w-full max-w-4xl flex-1 px-5 py-8 outline-none sm:px-6 sm:py-12">
      {children}
    </main>
  );
}
