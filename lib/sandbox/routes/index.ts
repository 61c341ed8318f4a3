/** The routes of the sandbox and of the simulation, by path below the mount. */
import { type Route, route } from "@/lib/api";

export const SANDBOX_ROUTES: readonly Route[] = [
  route("/admin/clock", () => import("./clock").then(({ moveClockOfUser }) => ({ POST: moveClockOfUser }))),
  route("/sandbox/clock", () => import("./clock").then(({ moveOwnClock }) => ({ POST: moveOwnClock }))),
  route("/sandbox/paddle/checkout/[transaction]", () =>
    import("./paddle").then(({ submitCheckout }) => ({ POST: submitCheckout })),
  ),
  route("/sandbox/paddle/invoice/[id]/pdf", () =>
    import("./paddle").then(({ downloadInvoice }) => ({ GET: downloadInvoice })),
  ),
  route("/sandbox/paddle/payment/[subscription]", () =>
    import("./paddle").then(({ submitPayment }) => ({ POST: submitPayment })),
  ),
  route("/sandbox/paddle/portal/[id]", () => import("./paddle").then(({ submitPortal }) => ({ POST: submitPortal }))),
  route("/sandbox/paddle/transaction/[id]", () =>
    import("./paddle").then(({ submitTransaction }) => ({ POST: submitTransaction })),
  ),
  route("/sandbox/paddle/v1/[...path]", () =>
    import("./paddle").then(({ callApi }) => ({ GET: callApi, PATCH: callApi, POST: callApi })),
  ),
  route("/sandbox/stripe/checkout/[id]", () =>
    import("./stripe").then(({ submitCheckout }) => ({ POST: submitCheckout })),
  ),
  route("/sandbox/stripe/invoice/[id]", () =>
    import("./stripe").then(({ submitInvoice }) => ({ POST: submitInvoice })),
  ),
  route("/sandbox/stripe/invoice/[id]/pdf", () =>
    import("./stripe").then(({ downloadInvoice }) => ({ GET: downloadInvoice })),
  ),
  route("/sandbox/stripe/portal/[id]", () => import("./stripe").then(({ submitPortal }) => ({ POST: submitPortal }))),
  route("/test/webhook-simulation", () =>
    import("./scenarios").then(({ listScenarios, simulate }) => ({ GET: listScenarios, POST: simulate })),
  ),
];
