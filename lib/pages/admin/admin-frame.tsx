import type { Metadata } from "next";
import type { ReactNode } from "react";
import { currentConfig } from "@/lib/config/current-catalog";
import { currentUser } from "@/lib/identity";
import { MAIN, RememberZone } from "@/lib/ui";
import { AdminHeader } from "@/lib/ui/admin";

export async function adminMetadata(): Promise<Metadata> {
  return { title: { default: "Admin", template: `%s · Admin · ${currentConfig().brand.name}` } };
}

/**
 * The frame of the admin pages. Each page rejects visitors who are not admins (`requirePageAdmin`); for them the frame is
 * left out.
 */
export async function AdminFrame({ children }: { children: ReactNode }) {
  const user = await currentUser();
  if (!user?.admin) return children;
  return (
    <>
      <AdminHeader userName={user.name ?? user.email ?? user.id} />
      <main id={MAIN} tabIndex={-1} className="mx-auto w-full max-w-7xl flex-1 px-5 py-6 outline-none sm:px-6">
        {children}
      </main>
      <RememberZone />
    </>
  );
}
