import { notFound } from "next/navigation";
import { env } from "@/lib/core/env";

/** The sandbox for a page; in production there is no such page. Asked by each page, since a layout renders beside it. */
export async function openSandbox(): Promise<typeof import("@/lib/sandbox")> {
  if (!env().sandbox) notFound();
  return import("@/lib/sandbox");
}
