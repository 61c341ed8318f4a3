/** What pages are made of. Error pages import nothing from here: they are client components, and this is the server's. */

export { planName } from "./billing/plan-words";
export { SubscriptionCard } from "./billing/subscription-card";
export { byUrgency, summary } from "./billing/summary";
export { Trail } from "./billing/trail";
export { trailNumbers, trailWords } from "./billing/trail-words";
export { button } from "./button";
export { NoticeList } from "./notices/notice-list";
export { pageUser } from "./page-user";
export { reader } from "./reader";
export { returnPath } from "./return-path";
export { Logo } from "./shell/logo";
export { SandboxBar } from "./shell/sandbox-bar";
export { SignInPanel } from "./shell/sign-in-panel";
export { SiteHeader } from "./shell/site-header";
export { MAIN, SkipLink } from "./shell/skip-link";
export { RefreshOnReturn, RememberZone } from "./time/page-life";
export { ChatbotsTool } from "./tools/chatbots-tool";
export { ProductMeters } from "./tools/product-meters";
export { WriterTool } from "./tools/writer-tool";
