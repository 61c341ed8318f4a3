/**
 * Stripe and Paddle played locally, behind their real SDKs. Load it only where `env().sandbox` holds, by
 * `await import("@/lib/sandbox")` after `requireSandbox()`: elsewhere it refuses to be loaded.
 */
import { env } from "@/lib/core/env";

export { type CardNumber, isCardNumber, TEST_CARDS } from "./cards";
export { fakeClients } from "./clients";
export { type ClockMove, type ClockMoved, clockRequest, ownClockRequest } from "./clock-request";
export { answerApi, playedPaddle, withPlayedCheckout } from "./paddle";
export type {
  CheckoutView as PaddleCheckoutView,
  PaymentView as PaddlePaymentView,
  PortalView as PaddlePortalView,
  TransactionView as PaddleTransactionView,
} from "./paddle/hosted";
export * as paddlePages from "./paddle/hosted";
export { invoicePdf } from "./pdf";
export type { Played } from "./fake-processor";
export { paddleEntrance, provideSandboxJobs, sandbox, startSandbox, stripeHttpClient } from "./running";
export { createSandbox, type Sandbox } from "./sandbox";
export { httpClientOver, playedStripe } from "./stripe";
export type { CheckoutView, InvoiceSummary, InvoiceView, OrderLine, PortalView } from "./stripe/hosted";
export * as stripePages from "./stripe/hosted";
export { isMethodNumber, STRIPE_METHODS } from "./stripe/methods";

if (!env().sandbox) throw new Error("The sandbox cannot be loaded in production.");
