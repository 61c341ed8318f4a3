"use server";

import { dismissOne, linkByHand } from "@/lib/admin";
import { paths } from "@/lib/config/current-catalog";
/** Server actions of the admin pages, for use without script: the same calls as the routes. */
import { parse } from "@/lib/core/parse";
import { gateway } from "@/lib/database";
import { actionFields } from "@/lib/http";
import type { Refusal } from "@/lib/ui";
import { linkRequest } from "@/lib/webhooks";
import { attempt } from "./attempt";

export async function dismissEvent(_: Refusal | null, form: FormData): Promise<Refusal | null> {
  return attempt(async (by) => {
    const fields = actionFields(form);
    const [processor, id] = [String(fields.processor), String(fields.id)];
    await dismissOne(processor, id, by, gateway());
    return `${paths().admin}/events/${processor}/${encodeURIComponent(id)}`;
  });
}

/** Redirects to the page of the subscription's current user. */
export async function moveSubscription(_: Refusal | null, form: FormData): Promise<Refusal | null> {
  return attempt(async (by) => {
    const fields = actionFields(form);
    const field = (name: string) => String(fields[name] ?? "").trim();
    const named = { processor: field("processor"), subscriptionId: field("subscriptionId"), userId: field("userId") };
    const request = parse(linkRequest, named);
    await linkByHand(request, by, gateway());
    return `${paths().admin}/users/${encodeURIComponent(request.userId)}`;
  });
}
