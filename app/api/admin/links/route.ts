import { linkByHand } from "@/lib/admin";
import { linkRequest } from "@/lib/billing";
import { gateway } from "@/lib/database";
import { answer, json, readJson } from "@/lib/http";
import { requireAdmin } from "@/lib/identity";

export function POST(request: Request) {
  return answer(async () => {
    const { id } = await requireAdmin(request);
    return json(await linkByHand(await readJson(request, linkRequest), id, gateway()));
  });
}
