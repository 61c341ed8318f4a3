/** An admin's reads and repairs. */

import { z } from "zod";
import {
  auditQuery,
  decisionQuery,
  decisionsOf,
  grantOverride,
  grantRequest,
  linkAllByHand,
  linkByHand,
  nonEmptyParameters,
  reconcileByHand,
  reconcileRequest,
  requireLinksOf,
  revokeOverride,
  revokeRequest,
  syncGauge,
  syncRequest,
} from "@/lib/admin";
import { parse } from "@/lib/core/parse";
import { gateway } from "@/lib/database";
import { answer, json, readJson } from "@/lib/http";
import { requireAdmin, requireAdminOrService } from "@/lib/identity";
import { linkList, linkRequest } from "@/lib/webhooks";

const LATEST = 100;

export function listAudit(request: Request) {
  return answer(async () => {
    await requireAdmin(request);
    const { userId = null } = parse(auditQuery, nonEmptyParameters(new URL(request.url).searchParams));
    return json({ acts: await gateway().auditEntries(userId, LATEST) });
  });
}

export function listDecisions(request: Request) {
  return answer(async () => {
    await requireAdmin(request);
    const query = parse(decisionQuery, nonEmptyParameters(new URL(request.url).searchParams));
    return json(await decisionsOf(query.userId, query.limit, gateway()));
  });
}

export function link(request: Request) {
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

export function grant(request: Request) {
  return answer(async () => {
    const { id } = await requireAdmin(request);
    return json(await grantOverride(await readJson(request, grantRequest), id, gateway()));
  });
}

export function revoke(request: Request) {
  return answer(async () => {
    const { id } = await requireAdmin(request);
    return json(await revokeOverride(await readJson(request, revokeRequest), id, gateway()));
  });
}

export function reconcile(request: Request) {
  return answer(async () => {
    const { id } = await requireAdmin(request);
    return json(await reconcileByHand(await readJson(request, reconcileRequest), id, gateway()));
  });
}

export function sync(request: Request) {
  return answer(async () => {
    const { id } = await requireAdmin(request);
    return json(await syncGauge(await readJson(request, syncRequest), id, gateway()));
  });
}

/** Allowed in production too, since the check undoes all effects of the functions. */
export function checkFunctions(request: Request) {
  return answer(async () => {
    await requireAdmin(request);
    const functions = await gateway().checkFunctions();
    return json({ ok: functions.every(({ exists, answers }) => exists && answers), functions });
  });
}
