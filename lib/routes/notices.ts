/** The own notices. */
import type { Params } from "@/lib/api";
import { answer, json } from "@/lib/http";
import { requireUser } from "@/lib/identity";
import { dismissNotice, noticesOf } from "@/lib/notices";

export function dismiss(request: Request, params: Params<"id">) {
  return answer(async () => {
    const user = await requireUser(request);
    return json(await dismissNotice(user.id, params.id));
  }, request);
}

export function list(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    return json({ notices: await noticesOf(id) });
  }, request);
}
