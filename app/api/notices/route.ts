import { answer, json } from "@/lib/http";
import { requireUser } from "@/lib/identity";
import { noticesOf } from "@/lib/notices";

export function GET(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    return json({ notices: await noticesOf(id) });
  }, request);
}
