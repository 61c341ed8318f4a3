import { answer, json, jsonLines, readJson, requireGateUser, wantsJsonLines } from "tollgate/server";
import { messageRequest } from "../../../../(product)/chatbots/_lib/chatbots";
import { streamAnswer, wholeAnswer } from "../../../../(product)/chatbots/_lib/messages";

export function POST(request: Request, { params }: RouteContext<"/api/chatbots/[id]/messages">) {
  return answer(async () => {
    const user = await requireGateUser(request);
    const { text } = await readJson(request, messageRequest);
    const stream = await streamAnswer(user.id, (await params).id, text);
    return wantsJsonLines(request) ? jsonLines(stream) : json(await wholeAnswer(stream(new AbortController().signal)));
  });
}
