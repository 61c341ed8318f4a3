import { answer, json, readJson } from "@/lib/http";
import { requireService } from "@/lib/identity";
import { gate, settleRequest } from "@/lib/usage";

export function POST(request: Request) {
  return answer(async () => {
    await requireService(request, "Only a service can settle reservations.");
    const { userId, reservationId, amount } = await readJson(request, settleRequest);
    return json(await gate.settle(userId, reservationId, amount));
  }, request);
}
