import { decisionQuery, decisionsOf, nonEmptyParameters } from "@/lib/admin";
import { parse } from "@/lib/core/parse";
import { gateway } from "@/lib/database";
import { answer, json } from "@/lib/http";
import { requireAdmin } from "@/lib/identity";

export function GET(request: Request) {
  return answer(async () => {
    await requireAdmin(request);
    const query = parse(decisionQuery, nonEmptyParameters(new URL(request.url).searchParams));
    return json(await decisionsOf(query.userId, query.limit, gateway()));
  });
}
