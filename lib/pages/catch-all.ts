/** Groups of pages, each for one optional catch-all segment of Next (`[[...path]]`). */
import { AdminFrame } from "./admin/admin-frame";
import { page, servePages } from "./page";
import { SandboxFrame } from "./sandbox/sandbox-frame";

/** The billing page and the pages below it. */
export const { Pages: BillingPages, metadataOf: billingPagesMetadata } = servePages([
  page("/", () => import("./billing/billing-page")),
  page("/cancel", () => import("./billing/cancel-page")),
  page("/change", () => import("./billing/change-page")),
  page("/invoices", () => import("./billing/invoices-page")),
]);

/** The pages for admins. */
export const { Pages: AdminPages, metadataOf: adminPagesMetadata } = servePages(
  [
    page("/", () => import("./admin/health-page")),
    page("/events", () => import("./admin/events-page")),
    page("/events/[processor]/[id]", () => import("./admin/event-page")),
    page("/simulation", () => import("./sandbox/simulation/simulation-page")),
    page("/users", () => import("./admin/users-page")),
    page("/users/[id]", () => import("./admin/user-page")),
  ],
  { Frame: AdminFrame, title: (text) => `${text} · Admin` },
);

/** The fake processors' pages. */
export const { Pages: SandboxPages, metadataOf: sandboxPagesMetadata } = servePages(
  [
    page("/paddle/checkout/[transaction]", () => import("./sandbox/paddle/checkout-page")),
    page("/paddle/payment/[subscription]", () => import("./sandbox/paddle/payment-page")),
    page("/paddle/portal/[id]", () => import("./sandbox/paddle/portal-page")),
    page("/paddle/transaction/[id]", () => import("./sandbox/paddle/transaction-page")),
    page("/stripe/checkout/[id]", () => import("./sandbox/stripe/checkout-page")),
    page("/stripe/invoice/[id]", () => import("./sandbox/stripe/invoice-page")),
    page("/stripe/portal/[id]", () => import("./sandbox/stripe/portal-page")),
  ],
  { Frame: SandboxFrame },
);
