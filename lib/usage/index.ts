export type {
  DecisionView,
  Entitlement,
  MeterView,
  Reservation,
  Settlement,
  SubscriptionView,
  UsageHistory,
  UsageView,
  Verdict,
} from "@/lib/billing/schemas/usage-view";
export { type Charge, gate } from "./gate";
export { refusal } from "./limit-error";
export {
  consumeRequest,
  historyRequest,
  releaseRequest,
  reserveRequest,
  settleRequest,
  userIdSchema,
} from "./requests";
export { usageHistory } from "./usage-history";
export { usageOf } from "./usage-of";
