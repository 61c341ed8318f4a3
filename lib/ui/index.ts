/** Components of the pages, for the server. Error pages are client components and import nothing from here. */

export { returnPath } from "@/lib/http/return-path";
export { activityNumbers, activityWords } from "@/lib/messages/activity";
export { planName, processorName, subscriptionName } from "@/lib/messages/plan";
export { refusalText } from "@/lib/messages/refusal";

export { ActionForm } from "./actions/action-form";
export { ActivityList } from "./billing/activity-list";

export { decisionsToLoad } from "./billing/recent-decisions";
export { SubscriptionCard } from "./billing/subscription-card";
export { byUrgency, summary } from "./billing/summary";
export { button } from "./button";
export { CancelPreview, isCancelable } from "./changes/cancel-preview";
export { ChangeOutcomeNotice, changeOutcomePath, readChangeOutcome } from "./changes/change-outcome-notice";
export { ChangePreview, changeName } from "./changes/change-preview";
export { CheckoutNotice } from "./changes/checkout-notice";
export { subscriptionFingerprint } from "./changes/subscription-fingerprint";
export { OtherAccountCheckout } from "./checkout/other-account-checkout";
export { PaddleCheckout } from "./checkout/paddle-checkout";
export { InvoiceList, InvoicesUnavailable } from "./invoices/invoice-list";
export { InvoicesSection } from "./invoices/invoices-section";
export { Link } from "./link";
export { LivePage } from "./live/live-page";
export { Notice } from "./notice";
export { NoticeList } from "./notices/notice-list";
export { CodeNotice } from "./plans/code-notice";
export { PlanGrid } from "./plans/plan-grid";
export { pricingChoice, pricingPath, productNames } from "./plans/pricing-choice";
export { requestLocale } from "./request-locale";
export { requirePageUser } from "./require-page-user";
export { Segments } from "./segments";
export { BackToBilling } from "./shell/back-to-billing";
export { ConfigProvider } from "./shell/config-provider";
export { GuestFrame } from "./shell/guest-frame";
export type { Installation } from "./shell/installation";
export { Logo } from "./shell/logo";
export { PageFrame } from "./shell/page-frame";
export { SandboxBar } from "./shell/sandbox-bar";

export { MAIN, SkipLink } from "./shell/skip-link";
export { RememberZone } from "./time/remember-zone";
export { ProductMeters } from "./tools/product-meters";
export { RefusalNotice } from "./tools/refusal-notice";
export type { Refusal } from "./tools/send-json";
export { upgradeOptions } from "./tools/upgrade-options";
export { PeriodPicker } from "./usage/period-picker";
export { ProductHistory } from "./usage/product-history";
export { HISTORY_DAYS, periodId } from "./usage/usage-period";
