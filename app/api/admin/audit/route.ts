import { auditQuery, nonEmptyParameters } from "@/lib/admin";
import { parse } from "@/lib/core/parse";
import { gateway } from "@/lib/database";
import { answer, json } from "@/lib/http";
import { requireAdmin } from "@/lib/identity";

const LATEST = 100;

export function GET(request: Request) {
  return answer(async () => {
    await requireAdmin(request);
    const { userId = null } = parse(auditQuery, nonEmptyParameters(new URL(request.url).searchParams));
    return json({ acts: await gateway().auditEntries(userId, LATEST) });
  });
}
