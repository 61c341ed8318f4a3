/** The pages of an installation. Each is a component of its own; `catch-all.ts` serves several by one page of Next. */

export { default as AccountPage, metadata as accountMetadata } from "./account-page";
export { AdminFrame, adminMetadata } from "./admin/admin-frame";
export { default as AdminEventPage, metadata as adminEventMetadata } from "./admin/event-page";
export { default as AdminEventsPage, metadata as adminEventsMetadata } from "./admin/events-page";
export { default as AdminHealthPage, metadata as adminHealthMetadata } from "./admin/health-page";
export { default as AdminUserPage, metadata as adminUserMetadata } from "./admin/user-page";
export { default as AdminUsersPage, metadata as adminUsersMetadata } from "./admin/users-page";
export { default as BillingPage, metadata as billingMetadata } from "./billing/billing-page";
export { default as CancelPage, metadata as cancelMetadata } from "./billing/cancel-page";
export { default as ChangePage, metadata as changeMetadata } from "./billing/change-page";
export { default as InvoicesPage, metadata as invoicesMetadata } from "./billing/invoices-page";
export { BillingPages, billingPagesMetadata, PricingPages, pricingPagesMetadata } from "./catch-all";
export { default as PaddleCheckoutPage, metadata as paddleCheckoutMetadata } from "./checkout/paddle-checkout-page";
export { default as ConfirmPage, metadata as confirmMetadata } from "./identity/confirm-page";
export { default as SignInPage, metadata as signInMetadata } from "./identity/sign-in-page";
export { default as SignOutPage, metadata as signOutMetadata } from "./identity/sign-out-page";
export { default as SignUpPage, metadata as signUpMetadata } from "./identity/sign-up-page";
export { default as PricingPage, metadata as pricingMetadata } from "./pricing/pricing-page";
export {
  default as FakePaddleCheckoutPage,
  metadata as fakePaddleCheckoutMetadata,
} from "./sandbox/paddle/checkout-page";
export { default as FakePaddlePaymentPage, metadata as fakePaddlePaymentMetadata } from "./sandbox/paddle/payment-page";
export { default as FakePaddlePortalPage, metadata as fakePaddlePortalMetadata } from "./sandbox/paddle/portal-page";
export {
  default as FakePaddleTransactionPage,
  metadata as fakePaddleTransactionMetadata,
} from "./sandbox/paddle/transaction-page";
export { SandboxFrame } from "./sandbox/sandbox-frame";
export {
  default as AdminSimulationPage,
  metadata as adminSimulationMetadata,
} from "./sandbox/simulation/simulation-page";
export {
  default as FakeStripeCheckoutPage,
  metadata as fakeStripeCheckoutMetadata,
} from "./sandbox/stripe/checkout-page";
export { default as FakeStripeInvoicePage, metadata as fakeStripeInvoiceMetadata } from "./sandbox/stripe/invoice-page";
export { default as FakeStripePortalPage, metadata as fakeStripePortalMetadata } from "./sandbox/stripe/portal-page";
export { default as UsagePage, metadata as usageMetadata } from "./usage-page";
