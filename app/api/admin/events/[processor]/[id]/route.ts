import { eventDetail, releaseOf } from "@/lib/admin";
import { gateway } from "@/lib/database";
import { answer, json } from "@/lib/http";
import { requireAdmin } from "@/lib/identity";

export function GET(request: Request, { params }: RouteContext<"/api/admin/events/[processor]/[id]">) {
  return answer(async () => {
    await requireAdmin(request);
    const { processor, id } = await params;
    const detail = await eventDetail(processor, id, gateway());
    return json({ ...detail, release: releaseOf(detail) });
  });
}
