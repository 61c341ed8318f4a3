import { answer, json } from "@/lib/http";
import { requireUser } from "@/lib/identity";
import { dismissNotice } from "@/lib/notices";

export function POST(request: Request, { params }: RouteContext<"/api/notices/[id]/dismiss">) {
  return answer(async () => {
    const user = await requireUser(request);
    return json(await dismissNotice(user.id, (await params).id));
  }, request);
}
