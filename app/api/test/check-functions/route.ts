import { gateway } from "@/lib/database";
import { answer, json } from "@/lib/http";
import { requireAdmin } from "@/lib/identity";

/** Allowed in production too, since the check undoes all effects of the functions. */
export function POST(request: Request) {
  return answer(async () => {
    await requireAdmin(request);
    const functions = await gateway().checkFunctions();
    return json({ ok: functions.every(({ exists, answers }) => exists && answers), functions });
  });
}
