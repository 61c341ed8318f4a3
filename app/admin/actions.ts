"use server";

/** What the forms of the admin's pages do without script: the same calls as the routes. */
import { dismissOne } from "@/lib/admin";
import { gateway } from "@/lib/database";
import type { Refusal } from "@/lib/ui";
import { attempt } from "./attempt";

export async function dismissEvent(_: Refusal | null, form: FormData): Promise<Refusal | null> {
  return attempt(async (by) => {
    const [processor, id] = [String(form.get("processor")), String(form.get("id"))];
    await dismissOne(processor, id, by, gateway());
    return `/admin/events/${processor}/${encodeURIComponent(id)}`;
  });
}
