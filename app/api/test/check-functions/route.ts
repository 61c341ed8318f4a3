import { gateway } from "@/lib/database";
import { answer, json } from "@/lib/http";
import { requireAdmin } from "@/lib/identity";

/** Allowed in production as well: whatever the functions did is undone. */
export function POST(request: Request) {
  return answer(async () => {
    await requireAdmin(request);
    const functions = await gateway().checkFunctions();
    return json({ ok: functions.every(({ exists, answers }) => exists && answers), functions });
  });
}
