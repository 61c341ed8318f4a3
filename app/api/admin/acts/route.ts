import { gateway } from "@/lib/database";
import { answer, json } from "@/lib/http";
import { requireAdmin } from "@/lib/identity";

const LATEST = 100;

export function GET(request: Request) {
  return answer(async () => {
    await requireAdmin(request);
    const userId = new URL(request.url).searchParams.get("userId");
    return json({ acts: await gateway().adminActs(userId || null, LATEST) });
  });
}
