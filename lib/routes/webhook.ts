/** Webhooks of the processors. */

import { after } from "next/server";
import { webhookRoute } from "@/lib/webhooks";

export const paddle = webhookRoute("paddle", after);

export const stripe = webhookRoute("stripe", after);
