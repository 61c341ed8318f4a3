export type {
  ChangeView,
  CheckoutStatusView,
} from "@/lib/billing/schemas/purchase";
export {
  checkoutRequest,
  checkoutReturnRequest,
  planChangeRequest,
  portalRequest,
  productRequest,
} from "@/lib/billing/schemas/purchase-requests";
export { cancelSubscription, resumeSubscription } from "./cancel";
export { changePlan, previewChange } from "./change";
export { checkout } from "./checkout";
export { checkoutStatus, returnFromCheckout } from "./checkout-return";
export { endDuplicatePurchases } from "./duplicate-purchases";
export { duePaymentOf, invoiceDocument, invoicesOf, portalOf } from "./invoices";
export { purchaseContext } from "./purchase-context";
