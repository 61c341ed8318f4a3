/** Starts a purchase, and tells its state. */
import { recordedSale } from "@/lib/admin";
import { gateway } from "@/lib/database";
import { answer, json } from "@/lib/http";
import { requireSubject, requireSubjectOfBody } from "@/lib/identity";
import {
  checkout,
  checkoutRequest,
  checkoutReturnRequest,
  checkoutStatus,
  purchaseContext,
  returnFromCheckout,
} from "@/lib/subscriptions";

export function returned(request: Request) {
  return answer(async () => {
    const { subject, input } = await requireSubjectOfBody(request, checkoutReturnRequest);
    return json(await returnFromCheckout(subject.id, input.checkout, purchaseContext(subject.id)));
  });
}

export function start(request: Request) {
  return answer(async () => {
    const { subject, input } = await requireSubjectOfBody(request, checkoutRequest);
    return json(
      await recordedSale(subject, "checkout.opened", input, gateway(), () =>
        checkout(subject, input, purchaseContext(subject.id)),
      ),
    );
  });
}

export function showStatus(request: Request) {
  return answer(async () => {
    const { subject, input } = await requireSubject(request, checkoutReturnRequest);
    return json(await checkoutStatus(subject.id, input.checkout, purchaseContext(subject.id)));
  });
}
