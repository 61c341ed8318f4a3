import { answer, json, readJson } from "@/lib/http";
import { requireUser } from "@/lib/identity";
import { messageRequest, sendMessage } from "@/lib/products/chatbots";

export function POST(request: Request, { params }: RouteContext<"/api/chatbots/[id]/messages">) {
  return answer(async () => {
    const user = await requireUser(request);
    const { text } = await readJson(request, messageRequest);
    return json(await sendMessage(user.id, (await params).id, text));
  });
}
