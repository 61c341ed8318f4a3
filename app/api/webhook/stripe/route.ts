import { webhookRoute } from "@/lib/http/webhook";

export const POST = webhookRoute("stripe");
