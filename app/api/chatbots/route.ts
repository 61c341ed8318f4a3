import { answer, gateway, json, readJson, requireUser } from "tollgate/server";
import { chatbotsTable } from "@/app/(product)/chatbots/_lib/chatbots-table";
import { chatbotRequest, createChatbot } from "../../(product)/chatbots/_lib/chatbots";

export function GET(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    return json({ chatbots: await chatbotsTable(gateway()).list(id) });
  });
}

export function POST(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    const { name } = await readJson(request, chatbotRequest);
    return json({ chatbot: await createChatbot(id, name) }, 201);
  });
}
