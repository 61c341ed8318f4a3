/** Pages for optional catch-all segments of Next (`[[...path]]`), in the layout of the app. */
import { AdminFrame } from "./admin/admin-frame";
import { page, servePages } from "./page";
import { SandboxFrame } from "./sandbox/sandbox-frame";

const admin = { Frame: AdminFrame, title: (text: string) => `${text} · Admin` };
const sandbox = { Frame: SandboxFrame };

/** The billing page and all other pages except the plans. The config's paths are those of `pathsBelow`. */
export const { Pages: BillingPages, metadataOf: billingPagesMetadata } = servePages([
  page("/", () => import("./billing/billing-page")),
  page("/cancel", () => import("./billing/cancel-page")),
  page("/change", () => import("./billing/change-page")),
  page("/invoices", () => import("./billing/invoices-page")),
  page("/usage", () => import("./usage-page")),
  page("/account", () => import("./account-page")),
  page("/checkout/paddle", () => import("./checkout/paddle-checkout-page")),
  page("/sign-in", () => import("./identity/sign-in-page")),
  page("/sign-up", () => import("./identity/sign-up-page")),
  page("/sign-out", () => import("./identity/sign-out-page")),
  page("/confirm", () => import("./identity/confirm-page")),
  page("/admin", () => import("./admin/health-page"), admin),
  page("/admin/events", () => import("./admin/events-page"), admin),
  page("/admin/events/[processor]/[id]", () => import("./admin/event-page"), admin),
  page("/admin/simulation", () => import("./sandbox/simulation/simulation-page"), admin),
  page("/admin/users", () => import("./admin/users-page"), admin),
  page("/admin/users/[id]", () => import("./admin/user-page"), admin),
  page("/sandbox/paddle/checkout/[transaction]", () => import("./sandbox/paddle/checkout-page"), sandbox),
  page("/sandbox/paddle/payment/[subscription]", () => import("./sandbox/paddle/payment-page"), sandbox),
  page("/sandbox/paddle/portal/[id]", () => import("./sandbox/paddle/portal-page"), sandbox),
  page("/sandbox/paddle/transaction/[id]", () => import("./sandbox/paddle/transaction-page"), sandbox),
  page("/sandbox/stripe/checkout/[id]", () => import("./sandbox/stripe/checkout-page"), sandbox),
  page("/sandbox/stripe/invoice/[id]", () => import("./sandbox/stripe/invoice-page"), sandbox),
  page("/sandbox/stripe/portal/[id]", () => import("./sandbox/stripe/portal-page"), sandbox),
]);

/** The plans, their prices and the current plan. */
export const { Pages: PricingPages, metadataOf: pricingPagesMetadata } = servePages([
  page("/", () => import("./pricing/pricing-page")),
]);
