/**
 * Fake Stripe and Paddle behind the real SDKs. Load it only if `env().sandbox` is true, by `await
 * import("@/lib/sandbox")` after `requireSandbox()`: in production the import fails.
 */
import { env } from "@/lib/core/env";

export { type CardNumber, isCardNumber, TEST_CARDS } from "./cards";
export { fakeClients } from "./clients";
export { type ClockMove, type ClockMoved, clockRequest, ownClockRequest } from "./clock-request";
export type { FakeProcessor } from "./fake-processor";
export { answerApi, fakePaddle, withFakeCheckout } from "./paddle";
export type {
  CheckoutView as PaddleCheckoutView,
  PaymentView as PaddlePaymentView,
  PortalView as PaddlePortalView,
  TransactionView as PaddleTransactionView,
} from "./paddle/hosted";
export * as paddlePages from "./paddle/hosted";
export { invoicePdf } from "./pdf";
export { paddleConnection, provideSandboxJobs, sandbox, startSandbox, stripeHttpClient } from "./running";
export { createSandbox, type Sandbox } from "./sandbox";
export { fakeStripe, httpClientOver } from "./stripe";
export type { CheckoutView, InvoiceSummary, InvoiceView, OrderLine, PortalView } from "./stripe/hosted";
export * as stripePages from "./stripe/hosted";
export { isMethodNumber, STRIPE_METHODS } from "./stripe/methods";

if (!env().sandbox) throw new Error("The sandbox cannot be loaded in production.");
