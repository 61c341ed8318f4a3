export { cancelSubscription, resumeSubscription } from "./cancel";
export * from "./catalog";
export { changePlan, previewChange } from "./change";
export { checkout } from "./checkout";
export { checkoutStatus, returnFromCheckout } from "./checkout-return";
export { endDoubled } from "./doubled";
export { STATUSES } from "./facts";
export { duePaymentOf, invoiceDocument, invoicesOf, portalOf } from "./invoices";
export { type Reached, reach } from "./processors/reach";
export {
  checkoutRequest,
  checkoutReturnRequest,
  planChangeRequest,
  portalRequest,
  productRequest,
} from "./purchase-requests";
export type {
  ChangePreviewView,
  ChangeView,
  CheckoutStatusView,
  CheckoutView,
  InvoicesView,
  InvoiceView,
  MeterChange,
} from "./purchase-view";
export { rebuildAll } from "./rebuild";
export { MAX_ATTEMPTS } from "./receive";
export { dismiss, type Linked, type LinkRequest, link, linkCustomer, linkList, linkRequest, replay } from "./repair";
export { selling } from "./selling";
export { settleStored } from "./settle";
export { webhookRoute } from "./webhook-route";
