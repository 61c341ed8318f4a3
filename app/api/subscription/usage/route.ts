import { z } from "zod";
import { answer, json } from "@/lib/http";
import { requireSubject } from "@/lib/identity";
import { usageOf } from "@/lib/usage";

export function GET(request: Request) {
  return answer(async () => {
    const { subject } = await requireSubject(request, z.object({}));
    return json(await usageOf(subject.id));
  }, request);
}
