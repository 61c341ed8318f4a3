import { webhookRoute } from "@/lib/billing";

export const POST = webhookRoute("paddle");
