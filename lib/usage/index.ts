export type {
  Settlement,
  SubscriptionView,
  UsageView,
} from "@/lib/billing/schemas/usage-view";
export { type Charge, gate } from "./gate";
export { gauge } from "./gauge";
export { limitError } from "./limit-error";
export {
  consumeRequest,
  gaugeRequest,
  historyRequest,
  releaseRequest,
  reserveRequest,
  settleRequest,
} from "./requests";
export { usageHistory } from "./usage-history";
export { usageOf } from "./usage-of";
