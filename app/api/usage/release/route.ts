import { answer, json, readJson } from "@/lib/http";
import { requireService } from "@/lib/identity";
import { gate, releaseRequest } from "@/lib/usage";

export function POST(request: Request) {
  return answer(async () => {
    await requireService(request, "Only a service can release usage.");
    const { userId, field, amount, of, idempotencyKey } = await readJson(request, releaseRequest);
    return json(await gate.release(userId, field, amount, { of, idempotencyKey }));
  }, request);
}
