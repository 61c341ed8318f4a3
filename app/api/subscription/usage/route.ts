import { answer, json } from "@/lib/http";
import { requireUser } from "@/lib/identity";
import { usageOf } from "@/lib/usage";

export function GET(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    return json(await usageOf(id));
  }, request);
}
