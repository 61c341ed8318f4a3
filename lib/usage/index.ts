export { gate } from "./gate";
export { refusal } from "./refusal";
export { consumeRequest, releaseRequest, userIdSchema } from "./requests";
export { usageOf } from "./usage-of";
export type { DecisionView, MeterView, SubscriptionView, UsageView, Verdict } from "./view";
