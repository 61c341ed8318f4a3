import { linkCustomer, linkRequest } from "@/lib/billing";
import { gateway } from "@/lib/database";
import { answer, json, readJson } from "@/lib/http";
import { requireAdmin } from "@/lib/identity";

export function POST(request: Request) {
  return answer(async () => {
    await requireAdmin(request);
    return json(await linkCustomer(await readJson(request, linkRequest), gateway()));
  });
}
