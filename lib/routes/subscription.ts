/** Usage, entitlements and plan changes of the own subscriptions. */
import { entitlementsOf } from "@/lib/entitlements";
import { answer, json, readJson } from "@/lib/http";
import { requireUser } from "@/lib/identity";
import {
  cancelSubscription,
  changePlan,
  planChangeRequest,
  previewChange,
  productRequest,
  purchaseContext,
  resumeSubscription,
} from "@/lib/subscriptions";
import { usageOf } from "@/lib/usage";

export function cancel(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    const { product } = await readJson(request, productRequest);
    return json(await cancelSubscription(id, product, purchaseContext(id)));
  });
}

export function change(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    return json(await changePlan(id, await readJson(request, planChangeRequest), purchaseContext(id)));
  });
}

export function showEntitlements(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    return json(await entitlementsOf(id));
  }, request);
}

export function preview(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    return json(await previewChange(id, await readJson(request, planChangeRequest), purchaseContext(id)));
  });
}

export function resume(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    const { product } = await readJson(request, productRequest);
    return json(await resumeSubscription(id, product, purchaseContext(id)));
  });
}

export function showUsage(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    return json(await usageOf(id));
  }, request);
}
