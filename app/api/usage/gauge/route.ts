import { answer, json, readJson } from "@/lib/http";
import { requireService } from "@/lib/identity";
import { gauge, gaugeRequest } from "@/lib/usage";

export function POST(request: Request) {
  return answer(async () => {
    await requireService(request, "Only a service can change a gauge.");
    return json(await gauge.change(await readJson(request, gaugeRequest)));
  }, request);
}
