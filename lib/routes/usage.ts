/** The gate: consume, release, reserve, settle and history. */
import { answer, json, readJson } from "@/lib/http";
import { requireCaller, requireService, requireSubject, resolveUserId } from "@/lib/identity";
import {
  consumeRequest,
  gate,
  gauge,
  gaugeRequest,
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
    const { subject, input } = await requireSubject(request, historyRequest);
    return json(await usageHistory(subject.id, input.field, input.days));
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

export function changeGauge(request: Request) {
  return answer(async () => {
    await requireService(request, "Only a service can change a gauge.");
    return json(await gauge.change(await readJson(request, gaugeRequest)));
  }, request);
}
