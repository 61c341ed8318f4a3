import { dismissOne } from "@/lib/admin";
import { gateway } from "@/lib/database";
import { answer, json } from "@/lib/http";
import { requireAdmin } from "@/lib/identity";

export function POST(request: Request, { params }: RouteContext<"/api/admin/events/[processor]/[id]/dismiss">) {
  return answer(async () => {
    const { id: by } = await requireAdmin(request);
    const { processor, id } = await params;
    return json(await dismissOne(processor, id, by, gateway()));
  });
}
