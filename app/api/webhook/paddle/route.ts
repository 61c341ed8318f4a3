import { after } from "next/server";
import { webhookRoute } from "@/lib/billing";

export const POST = webhookRoute("paddle", after);
