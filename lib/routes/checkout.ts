/** Starts a purchase, and tells its state. */
import { parse } from "@/lib/core/parse";
import { answer, json, readJson } from "@/lib/http";
import { requireUser } from "@/lib/identity";
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
    const { id } = await requireUser(request);
    const { checkout } = await readJson(request, checkoutReturnRequest);
    return json(await returnFromCheckout(id, checkout, purchaseContext(id)));
  });
}

export function start(request: Request) {
  return answer(async () => {
    const buyer = await requireUser(request);
    return json(await checkout(buyer, await readJson(request, checkoutRequest), purchaseContext(buyer.id)));
  });
}

export function showStatus(request: Request) {
  return answer(async () => {
    const { id } = await requireUser(request);
    const { searchParams } = new URL(request.url);
    const { checkout } = parse(checkoutReturnRequest, Object.fromEntries(searchParams));
    return json(await checkoutStatus(id, checkout, purchaseContext(id)));
  });
}
