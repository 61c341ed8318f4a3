/** Usage, entitlements and plan changes of the own subscriptions. */
import { recordedSale } from "@/lib/admin";
import { gateway } from "@/lib/database";
import { entitlementsOf } from "@/lib/entitlements";
import { answer, json } from "@/lib/http";
import { requireSubject, requireSubjectOfBody } from "@/lib/identity";
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
    const { subject, input } = await requireSubjectOfBody(request, productRequest);
    return json(
      await recordedSale(subject, "subscription.canceled", input, gateway(), () =>
        cancelSubscription(subject.id, input.product, purchaseContext(subject.id)),
      ),
    );
  });
}

export function change(request: Request) {
  return answer(async () => {
    const { subject, input } = await requireSubjectOfBody(request, planChangeRequest);
    return json(
      await recordedSale(subject, "plan.changed", input, gateway(), () =>
        changePlan(subject.id, input, purchaseContext(subject.id)),
      ),
    );
  });
}

export function showEntitlements(request: Request) {
  return answer(async () => {
    const { subject } = await requireSubject(request);
    return json(await entitlementsOf(subject.id));
  }, request);
}

export function preview(request: Request) {
  return answer(async () => {
    const { subject, input } = await requireSubjectOfBody(request, planChangeRequest);
    return json(await previewChange(subject.id, input, purchaseContext(subject.id)));
  });
}

export function resume(request: Request) {
  return answer(async () => {
    const { subject, input } = await requireSubjectOfBody(request, productRequest);
    return json(
      await recordedSale(subject, "subscription.resumed", input, gateway(), () =>
        resumeSubscription(subject.id, input.product, purchaseContext(subject.id)),
      ),
    );
  });
}

export function showUsage(request: Request) {
  return answer(async () => {
    const { subject } = await requireSubject(request);
    return json(await usageOf(subject.id));
  }, request);
}
