import { replay } from "@/lib/billing";
import { gateway } from "@/lib/database";
import { answer, json } from "@/lib/http";
import { requireAdmin } from "@/lib/identity";

export function POST(request: Request, { params }: RouteContext<"/api/admin/events/[processor]/[id]/replay">) {
  return answer(async () => {
    await requireAdmin(request);
    const { processor, id } = await params;
    return json(await replay(processor, id, gateway()));
  });
}
