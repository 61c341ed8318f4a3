/** An admin's list of stored webhook events, and their replay. */
import {
  dismissOne,
  eventDetail,
  eventQuery,
  listEvents,
  nonEmptyParameters,
  releaseOf,
  replayMany,
  replayOne,
  replayRequest,
} from "@/lib/admin";
import type { Params } from "@/lib/api";
import { parse } from "@/lib/core/parse";
import { gateway } from "@/lib/database";
import { answer, json, readJson } from "@/lib/http";
import { requireAdmin } from "@/lib/identity";

export function dismiss(request: Request, params: Params<"processor" | "id">) {
  return answer(async () => {
    const { id: by } = await requireAdmin(request);
    const { processor, id } = params;
    return json(await dismissOne(processor, id, by, gateway()));
  });
}

export function replay(request: Request, params: Params<"processor" | "id">) {
  return answer(async () => {
    const { id: by } = await requireAdmin(request);
    const { processor, id } = params;
    return json(await replayOne(processor, id, by, gateway()));
  });
}

export function showEvent(request: Request, params: Params<"processor" | "id">) {
  return answer(async () => {
    await requireAdmin(request);
    const { processor, id } = params;
    const detail = await eventDetail(processor, id, gateway());
    return json({ ...detail, release: releaseOf(detail) });
  });
}

export function replayList(request: Request) {
  return answer(async () => {
    const { id } = await requireAdmin(request);
    const { events } = await readJson(request, replayRequest);
    return json({ events: await replayMany(events, id, gateway()) });
  });
}

export function list(request: Request) {
  return answer(async () => {
    await requireAdmin(request);
    const query = parse(eventQuery, nonEmptyParameters(new URL(request.url).searchParams));
    return json(await listEvents(query, gateway()));
  });
}
