import { answer } from "@/lib/http";
import { requireUser } from "@/lib/identity";
import { deleteChatbot } from "@/lib/products/chatbots";

export function DELETE(request: Request, { params }: RouteContext<"/api/chatbots/[id]">) {
  return answer(async () => {
    const user = await requireUser(request);
    await deleteChatbot(user.id, (await params).id);
    return new Response(null, { status: 204, headers: { "cache-control": "no-store" } });
  });
}
