import { answer, json, readJson } from "@/lib/http";
import { requireCaller, resolveUserId } from "@/lib/identity";
import { consumeRequest, gate } from "@/lib/usage";

export function POST(request: Request) {
  return answer(async () => {
    const caller = await requireCaller(request);
    const { userId, field, amount, idempotencyKey } = await readJson(request, consumeRequest);
    const bySession = caller.kind === "user";
    return json(await gate.consume(resolveUserId(caller, userId), field, amount, { idempotencyKey, bySession }));
  }, request);
}
