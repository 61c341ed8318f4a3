import { replayOne } from "@/lib/admin";
import { gateway } from "@/lib/database";
import { answer, json } from "@/lib/http";
import { requireAdmin } from "@/lib/identity";

export function POST(request: Request, { params }: RouteContext<"/api/admin/events/[processor]/[id]/replay">) {
  return answer(async () => {
    const { id: by } = await requireAdmin(request);
    const { processor, id } = await params;
    return json(await replayOne(processor, id, by, gateway()));
  });
}
