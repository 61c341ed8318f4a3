import { answer, HttpError, json, readJson } from "@/lib/http";
import { requireCaller } from "@/lib/identity";
import { gate, releaseRequest } from "@/lib/usage";

export function POST(request: Request) {
  return answer(async () => {
    const caller = await requireCaller(request);
    if (caller.kind !== "service") {
      throw new HttpError(403, "service_key_required", "Only a service gives back; nobody refills themselves.");
    }
    const { userId, field, amount, of, idempotencyKey } = await readJson(request, releaseRequest);
    return json(await gate.release(userId, field, amount, { of, idempotencyKey }));
  });
}
