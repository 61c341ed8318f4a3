import type { ReactNode } from "react";
import { currentUser } from "@/lib/identity";
import { PageFrame } from "@/lib/ui";

/**
 * The frame of the signed-in pages. Each page itself sends those who are not signed in away (`requirePageUser`), since
 * only it knows the way back. No loading.tsx below: pages come whole, so that they are complete without script.
 */
export default async function ProductLayout({ children }: { children: ReactNode }) {
  if ((await currentUser()) === null) return children;
  return <PageFrame>{children}</PageFrame>;
}
