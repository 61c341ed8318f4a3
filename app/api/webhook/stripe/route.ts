import { webhookRoute } from "@/lib/billing";

export const POST = webhookRoute("stripe");
