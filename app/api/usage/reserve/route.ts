import { answer, json, readJson } from "@/lib/http";
import { requireService } from "@/lib/identity";
import { gate, reserveRequest } from "@/lib/usage";

export function POST(request: Request) {
  return answer(async () => {
    await requireService(request, "Only a service can reserve usage.");
    const { userId, field, amount, ttlSeconds, idempotencyKey } = await readJson(request, reserveRequest);
    return json(await gate.reserve(userId, field, amount, { ttlSeconds, idempotencyKey }));
  }, request);
}
