import { notFound } from "next/navigation";
import { env } from "@/lib/core/env";

/** The sandbox for a page; production has no such page. Each page calls it, since a layout renders in parallel. */
export async function openSandbox(): Promise<typeof import("@/lib/sandbox")> {
  if (!env().sandbox) notFound();
  return import("@/lib/sandbox");
}
