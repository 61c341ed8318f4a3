import { after } from "next/server";
import { webhookRoute } from "@/lib/webhooks";

export const POST = webhookRoute("paddle", after);
