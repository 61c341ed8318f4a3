import { answer, json, readJson } from "@/lib/http";
import { requireUser } from "@/lib/identity";
import { transform, transformRequest } from "@/lib/products/writer";

export function POST(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    return json(await transform(id, await readJson(request, transformRequest)));
  });
}
