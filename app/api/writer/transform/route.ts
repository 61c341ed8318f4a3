import { answer, json, jsonLines, readJson, requireGateUser, wantsJsonLines, withUsage } from "tollgate/server";
import { streamRewriting } from "../../../(product)/writer/_lib/rewriting";
import { priceOf, rewrite, transformRequest } from "../../../(product)/writer/_lib/writer";

export function POST(request: Request, context: RouteContext<"/api/writer/transform">) {
  return wantsJsonLines(request) ? streamed(request) : atOnce(request, context);
}

const atOnce = withUsage(
  { body: transformRequest, charges: priceOf },
  (_request, _context: unknown, { body, verdicts: [words, transformations] }) =>
    json({ text: rewrite(body), usage: { words, transformations } }),
);

function streamed(request: Request) {
  return answer(async () => {
    const { id } = await requireGateUser(request);
    return jsonLines(await streamRewriting(id, await readJson(request, transformRequest)));
  });
}
