import { answer, json, readJson, requireUser } from "tollgate/server";
import { chatbotRequest, deleteChatbot, renameChatbot } from "../../../(product)/chatbots/_lib/chatbots";

export function PATCH(request: Request, { params }: RouteContext<"/api/chatbots/[id]">) {
  return answer(async () => {
    const user = await requireUser(request);
    const { name } = await readJson(request, chatbotRequest);
    return json({ chatbot: await renameChatbot(user.id, (await params).id, name) });
  });
}

export function DELETE(request: Request, { params }: RouteContext<"/api/chatbots/[id]">) {
  return answer(async () => {
    const user = await requireUser(request);
    await deleteChatbot(user.id, (await params).id);
    return new Response(null, { status: 204, headers: { "cache-control": "no-store" } });
  });
}
