import { z } from "zod";
import { entitlementsOf } from "@/lib/entitlements";
import { answer, json } from "@/lib/http";
import { requireSubject } from "@/lib/identity";

export function GET(request: Request) {
  return answer(async () => {
    const { subject } = await requireSubject(request, z.object({}));
    return json(await entitlementsOf(subject.id));
  }, request);
}
