import type { ReactNode } from "react";
import { currentUser } from "@/lib/identity";
import { MAIN, RefreshOnReturn, RememberZone, SiteHeader } from "@/lib/ui";

/**
 * The frame of the signed-in pages. Each page itself sends those who are not signed in away (`pageUser`), since
 * only it knows the way back. No loading.tsx below: pages come whole, so that they are complete without script.
 */
export default async function ProductLayout({ children }: { children: ReactNode }) {
  const user = await currentUser();
  if (user === null) return children;
  return (
    <>
      <SiteHeader person={user.name ?? user.email ?? user.id} />
      <main id={MAIN} tabIndex={-1} className="mx-auto w-full max-w-4xl flex-1 px-5 py-8 outline-none sm:px-6 sm:py-10">
        {children}
      </main>
      <RememberZone />
      <RefreshOnReturn />
    </>
  );
}
