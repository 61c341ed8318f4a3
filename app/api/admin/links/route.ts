import { z } from "zod";
import { linkAllByHand, linkByHand } from "@/lib/admin";
import { parse } from "@/lib/core/parse";
import { gateway } from "@/lib/database";
import { answer, json, readJson } from "@/lib/http";
import { requireAdmin } from "@/lib/identity";
import { linkList, linkRequest } from "@/lib/webhooks";

export function POST(request: Request) {
  return answer(async () => {
    const { id } = await requireAdmin(request);
    const body = await readJson(request, z.unknown());
    if (Array.isArray(body)) return json(await linkAllByHand(parse(linkList, body), id, gateway()));
    return json(await linkByHand(parse(linkRequest, body), id, gateway()));
  });
}
