import type { ReactNode } from "react";
import { currentUser } from "tollgate/server";
import { PageFrame } from "tollgate/ui";

/**
 * The frame of the signed-in pages. Each page redirects signed-out visitors (`requirePageUser`), since only the page
 * knows the path to return to. There is no loading.tsx: without script its content would never be replaced.
 */
export default async function ProductLayout({ children }: { children: ReactNode }) {
  if ((await currentUser()) === null) return children;
  return <PageFrame>{children}</PageFrame>;
}
