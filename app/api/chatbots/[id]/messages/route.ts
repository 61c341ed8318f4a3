import { json } from "@/lib/http";
import { messageRequest, replyTo } from "@/lib/products/chatbots";
import { withUsage } from "@/lib/usage";

export const POST = withUsage(
  { body: messageRequest, charges: () => ({ field: "messages_count" }) },
  async (_request, { params }: RouteContext<"/api/chatbots/[id]/messages">, { userId, body, verdicts: [usage] }) =>
    json({ reply: await replyTo(userId, (await params).id, body.text), usage }),
);
