import { z } from "zod";
import { linkAllByHand, linkByHand, requireLinksOf } from "@/lib/admin";
import { parse } from "@/lib/core/parse";
import { gateway } from "@/lib/database";
import { answer, json, readJson } from "@/lib/http";
import { requireAdminOrService } from "@/lib/identity";
import { linkList, linkRequest } from "@/lib/webhooks";

export function POST(request: Request) {
  return answer(async () => {
    const caller = await requireAdminOrService(request);
    const body = await readJson(request, z.unknown());
    if (Array.isArray(body)) {
      const links = requireLinksOf(caller, parse(linkList, body));
      return json(await linkAllByHand(links, caller.by, gateway()));
    }
    const [link] = requireLinksOf(caller, [parse(linkRequest, body)] as const);
    return json(await linkByHand(link, caller.by, gateway()));
  });
}
