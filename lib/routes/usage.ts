/** The gate: consume, release, reserve, settle and history. */
import { parse } from "@/lib/core/parse";
import { answer, json, readJson } from "@/lib/http";
import { requireCaller, requireService, requireUser, resolveUserId } from "@/lib/identity";
import {
  consumeRequest,
  gate,
  historyRequest,
  releaseRequest,
  reserveRequest,
  settleRequest,
  usageHistory,
} from "@/lib/usage";

export function consume(request: Request) {
  return answer(async () => {
    const caller = await requireCaller(request);
    const { userId, field, amount, idempotencyKey } = await readJson(request, consumeRequest);
    const bySession = caller.kind === "user";
    return json(await gate.consume(resolveUserId(caller, userId), field, amount, { idempotencyKey, bySession }));
  }, request);
}

export function showHistory(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    const { field, days } = parse(historyRequest, Object.fromEntries(new URL(request.url).searchParams));
    return json(await usageHistory(id, field, days));
  });
}

export function release(request: Request) {
  return answer(async () => {
    await requireService(request, "Only a service can release usage.");
    const { userId, field, amount, of, idempotencyKey } = await readJson(request, releaseRequest);
    return json(await gate.release(userId, field, amount, { of, idempotencyKey }));
  }, request);
}

export function reserve(request: Request) {
  return answer(async () => {
    await requireService(request, "Only a service can reserve usage.");
    const { userId, field, amount, ttlSeconds, idempotencyKey } = await readJson(request, reserveRequest);
    return json(await gate.reserve(userId, field, amount, { ttlSeconds, idempotencyKey }));
  }, request);
}

export function settle(request: Request) {
  return answer(async () => {
    await requireService(request, "Only a service can settle reservations.");
    const { userId, reservationId, amount } = await readJson(request, settleRequest);
    return json(await gate.settle(userId, reservationId, amount));
  }, request);
}
