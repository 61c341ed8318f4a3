import { parse } from "@/lib/core/parse";
import { answer, json } from "@/lib/http";
import { requireUser } from "@/lib/identity";
import { historyRequest, usageHistory } from "@/lib/usage";

export function GET(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    const { field, days } = parse(historyRequest, Object.fromEntries(new URL(request.url).searchParams));
    return json(await usageHistory(id, field, days));
  });
}
