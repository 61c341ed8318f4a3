/** Paddle's side of a test: signs events and delivers them to `receive`, as the route does. */
import { priceLists } from "@/lib/config/current-catalog";
import type { Gateway } from "@/lib/database";
import { paddle } from "@/lib/processors/paddle";
import { type PaddleObject, sign } from "@/lib/sandbox/event-builders/paddle/events";
import { type Receipt, receive } from "@/lib/webhooks/receive";

export const TEST_PADDLE_SECRET = "pdl_ntfset_test";

const ENDPOINT = {
  source: paddle,
  secrets: [TEST_PADDLE_SECRET],
  findPrice: priceLists("paddle", {}, { sandbox: true }).find,
};

/** Delivers one event; the receipt is the answer to Paddle. `livemode`: the deployment is in production. */
export function deliverPaddle(
  gateway: Gateway,
  event: PaddleObject,
  { livemode = false }: { livemode?: boolean } = {},
): Promise<Receipt> {
  const raw = Buffer.from(JSON.stringify(event));
  const signature = sign(raw, TEST_PADDLE_SECRET, Math.floor(Date.now() / 1000));
  return receive({ raw, signature }, { ...ENDPOINT, livemode }, gateway);
}
